import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { environmentFor } from '../e2e/world.ts';
import { startProcess } from '../main-process.ts';
import { startGitHub, type GitHubStandIn } from '../stand-ins/github/index.ts';
import { modelCatalogue, startModel, type ModelStandIn } from '../stand-ins/model/index.ts';
import { makeScratchFolder } from '../stand-ins/postgres.ts';
import { copyEmptyDatabase } from '../store/databases.ts';

const program = join(import.meta.dirname, '../../src/cli/main.ts');

let github: GitHubStandIn;
let model: ModelStandIn;
let good: Record<string, string>;
beforeAll(async () => {
  github = await startGitHub();
  model = await startModel([]);
  const dataDir = await makeScratchFolder('doctor-');
  await copyEmptyDatabase(dataDir);
  good = environmentFor({ github, model, dataDir });
});
afterAll(async () => {
  await Promise.all([github[Symbol.asyncDispose](), model[Symbol.asyncDispose]()]);
});

async function ask(words: readonly string[], environment: Readonly<Record<string, string>>, wrapper: string[] = []) {
  await using running = startProcess([program, ...words], { environment, wrapper });
  const lines = running.output;
  const { code, stderr } = await running.end;
  return { code, stderr, lines: lines().filter((line) => line !== '') };
}

it('finds everything in order where the service would start', async () => {
  const { code, lines } = await ask(['doctor'], good);
  const first = lines.filter((line) => !line.startsWith('  ')).map((line) => line.replace(/:.*/, ''));
  // A machine that hands out no groups of the kernel's has a remark on the sandbox.
  expect(first.map((line) => line.replace(/^! (?=sandbox$)/, '✓ '))).toEqual([
    ...['✓ configuration', '✓ data folder', '✓ database', '✓ sandbox', '✓ GitHub App', '✓ model'],
    'Ready',
  ]);
  expect(code).toBe(0);
});

it.each<[string, Record<string, string>, readonly string[]]>([
  ['a setting', { ANTHROPIC_API_KEY: '' }, ['✗ configuration: ANTHROPIC_API_KEY is missing: set the API key']],
  [
    'what is refused, and what is not safe',
    { ANTHROPIC_API_KEY: 'sk-ant-other', APP_ID: '999999', SANDBOX: 'unsafe-none' },
    [
      '! sandbox: SANDBOX=unsafe-none: the model’s commands',
      '✗ GitHub App: Could not ask who we are in http:',
      '✗ model: The model did not answer: the API key is refused: check ANTHROPIC_API_KEY',
    ],
  ],
  [
    'what is not there',
    {
      ANTHROPIC_BASE_URL: 'http://127.0.0.1:9',
      GHE_HOST: '127.0.0.1:9',
      DATA_DIR: '/dev/null',
      SANDBOX: 'unsafe-none',
    },
    [
      '✗ data folder: DATA_DIR /dev/null is a file, not a folder: set a folder',
      '✗ database: ',
      '✗ GitHub App: ',
      '✗ model: The model did not answer: the connection fails',
    ],
  ],
])('says what is wrong and how to mend it: %s', async (_, changes, expected) => {
  const { code, lines } = await ask(['doctor'], { ...good, ...changes });
  for (const words of expected)
    expect(
      lines.find((line) => line.startsWith(words)),
      lines.join('\n'),
    ).toBeDefined();
  expect(code).toBe(1);
});

it('says which model the agent gets, and when the API has none of the kind', async () => {
  const { lines } = await ask(['doctor'], { ...good, SANDBOX: 'unsafe-none' });
  expect(lines).toContain(
    '✓ model: the API takes the key; backend-developer asks for sonnet and gets claude-sonnet-5-5',
  );
  await using without = await startModel([], { models: modelCatalogue.filter(({ id }) => !id.includes('sonnet')) });
  const other = { ANTHROPIC_BASE_URL: without.url, ANTHROPIC_API_KEY: without.apiKey };
  const { code, lines: remarked } = await ask(['doctor'], { ...good, ...other, SANDBOX: 'unsafe-none' });
  expect(remarked.join('\n')).toMatch(
    /! model: .*sonnet and gets claude-opus-5-5\. The model sonnet is not a model we know; claude-opus-5-5 is used instead\./,
  );
  expect(code).toBe(0);
});

it('names the program that is missing for the sandbox', async () => {
  const withoutBwrap = ['bwrap', '--dev-bind', '/', '/', '--ro-bind', '/dev/null', '/usr/bin/bwrap'];
  const { code, lines } = await ask(['doctor'], good, withoutBwrap);
  const install = '✗ sandbox: bwrap is not installed. Install it with: apt-get install bubblewrap';
  expect(lines).toContain(install);
  expect(lines.at(-1)).toBe('Not ready: mend what is marked with ✗ and ask again.');
  expect(code).toBe(1);
});

it('answers an unknown command with those that there are', async () => {
  const { code, stderr } = await ask(['docter'], good);
  expect(stderr).toContain('There is no command "docter".');
  expect(stderr).toContain('doctor   checks everything a start needs');
  expect(code).toBe(2);
});
