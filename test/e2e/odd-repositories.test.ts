import { afterAll, beforeAll, expect, it } from 'vitest';
import { reply, text, toolUse, type Script } from '../stand-ins/model/index.ts';
import type { FileContent, RepositoryHandle } from '../stand-ins/github/index.ts';
import { startWorld, type World } from './world.ts';

const submission = {
  title: 'Add the answer',
  summary: 'Adds the answer.',
  tests: [{ name: 'test/answer.test.js', proves: 'the answer is 42' }],
  recommendations: [],
  checklist: [],
};
const answer = 'export const answer = 42;\n';
const passing =
  "import { test } from 'node:test';\nimport assert from 'node:assert';\nimport { answer } from '../answer.js';\ntest('answer', () => assert.equal(answer, 42));\n";

/** A model that does what the issue's title names. */
const script: Script = (request, turn) => {
  const asked = JSON.stringify(request.body.messages[0]);
  if (asked.includes('Nothing is wrong'))
    return toolUse('Submit', { ...submission, nothingToChange: 'the answer is 42 already' });
  if (asked.includes('Look only')) return toolUse('Read', { file_path: 'package.json' });
  if (asked.includes('Break it'))
    return turn % 2
      ? toolUse('Write', { file_path: `test/broken${turn}.test.js`, content: 'throw new Error("still broken");\n' })
      : toolUse('Submit', submission);
  if (asked.includes('Change the picture') && turn === 1)
    return toolUse('Bash', {
      command:
        "printf '\\x89PNG\\x00\\xff' > new.png; printf 'caf\\xe9 au lait\\n' >> latin1.txt; git mv -f old.txt moved.txt 2>/dev/null || mv old.txt moved.txt; chmod +x run.sh",
    });
  if (turn === 1)
    return reply(
      text('I will.'),
      toolUse('Write', { file_path: 'answer.js', content: answer }),
      toolUse('Write', { file_path: 'test/answer.test.js', content: passing }),
    );
  return toolUse('Submit', submission);
};

let world: World;
beforeAll(async () => {
  world = await startWorld({ script });
});
afterAll(() => world[Symbol.asyncDispose]());

async function ask(
  name: string,
  files: Record<string, FileContent>,
  issue: { title: string; body?: string },
  defaultBranch = 'main',
) {
  const repository = await world.github.createRepository({
    owner: 'acme',
    name,
    files,
    defaultBranch,
    collaborators: { ada: 'write' },
  });
  const { number } = await world.github.openIssue(repository, { ...issue, by: 'ada', labels: ['backend'] });
  await world.idle();
  return { repository, pull: repository.pulls()[0], status: repository.comments(number)[0]?.body ?? '' };
}

const manifest = '{ "name": "x", "type": "module", "scripts": { "test": "node --test" } }\n';

it('publishes from a repository with submodules, LFS pointers, colliding and odd names, and names each to the reviewer', async () => {
  const lfs =
    'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n';
  const files: Record<string, FileContent> = {
    'package.json': manifest,
    '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n',
    'large.bin': lfs,
    'vendor/library': { mode: '160000', content: 'c0ffee'.padEnd(40, '0') },
    'Readme.md': 'one\n',
    'README.md': 'two\n',
    'logo.png': new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 255]),
    'latin1.txt': new Uint8Array([0x63, 0x61, 0x66, 0xe9, 10]),
  };
  const { repository, pull } = await ask('odd', files, { title: 'Add the answer' }, 'trunk');
  expect(pull).toMatchObject({ base: 'trunk' });
  for (const word of [
    'Submodules are not checked out',
    '`vendor/library`',
    'Git LFS',
    '`large.bin`|`\\*.bin`',
    'differ only in case',
    '`README.md`',
  ])
    expect(pull?.body).toMatch(new RegExp(word));
  expect(await paths(repository, pull?.headSha)).toEqual(
    [...Object.keys(files), 'answer.js', 'test/answer.test.js'].sort(),
  );
  expect(
    (await repository.file('latin1.txt', pull?.headSha))?.equals(Buffer.from(files['latin1.txt'] as Uint8Array)),
  ).toBe(true);
});

it('publishes binary files, other encodings, renames and modes byte for byte', async () => {
  const files: Record<string, FileContent> = {
    'package.json': manifest,
    'latin1.txt': new Uint8Array([0x63, 0x61, 0x66, 0xe9, 10]),
    'old.txt': 'moved as it is\n',
    'run.sh': '#!/bin/sh\n',
  };
  const { repository, pull } = await ask('bytes', files, { title: 'Change the picture' });
  const entries = await repository.files(pull?.headSha);
  expect(entries.find(({ path }) => path === 'run.sh')?.mode).toBe('100755');
  expect(entries.some(({ path }) => path === 'old.txt')).toBe(false);
  expect((await repository.file('moved.txt', pull?.headSha))?.toString()).toBe('moved as it is\n');
  expect((await repository.file('new.png', pull?.headSha))?.toString('hex')).toBe('89504e4700ff');
  expect((await repository.file('latin1.txt', pull?.headSha))?.toString('latin1')).toBe('café\ncafé au lait\n');
});

it('says that nothing was proved where there is no test to run', async () => {
  const { pull } = await ask('untested', { 'notes.txt': 'no code here\n' }, { title: 'Add the answer' });
  expect(pull).toMatchObject({ draft: true });
  expect(pull?.body).toMatch(/^<!-- [^\n]* -->\n> \*\*Not proved:\*\* the repository has no test that we could run/);
});

it('publishes what still fails after three attempts as a draft that says so', async () => {
  const { repository, pull } = await ask('broken', { 'package.json': manifest }, { title: 'Break it' });
  expect(pull).toMatchObject({ draft: true });
  expect(pull?.body).toMatch(/Not finished/);
  expect(pull?.body).toContain('still broken');
  expect(repository.checkRuns()).toMatchObject([{ conclusion: 'failure' }]);
  expect(world.model.requests.filter(({ body }) => JSON.stringify(body.messages[0]).includes('Break it')).length).toBe(
    6,
  );
});

it('opens no pull request when nothing needs to change, and says why', async () => {
  const { repository, pull, status } = await ask('fine', { 'package.json': manifest }, { title: 'Nothing is wrong' });
  expect(pull).toBeUndefined();
  expect(await repository.branches()).toHaveLength(1);
  expect(status).toMatch(/nothing to change because the answer is 42 already/);
});

it('publishes what was done when the money ran out, as a draft that says so', async () => {
  const files = { 'package.json': manifest, '.github/backend.yml': 'budget: { usd: 0.01 }\n' };
  const { pull, status } = await ask('poor', files, { title: 'Break it' });
  expect(pull).toMatchObject({ draft: true });
  expect(pull?.body).toMatch(/Not finished.*budget/);
  expect(status).toMatch(/pull request #\d+ \(a draft\)/);
});

it('never calls it nothing to change when the money ran out before anything was changed', async () => {
  const files = { 'package.json': manifest, '.github/backend.yml': 'budget: { usd: 0.01 }\n' };
  const { pull, status } = await ask('poorer', files, { title: 'Look only' });
  expect(pull).toBeUndefined();
  expect(status).toMatch(/failed at step implement: .*budget[\s\S]*`\/backend implement` to retry/);
});

it('works from an issue of more than 100 kB', async () => {
  const body = `Please.\n${'é'.repeat(65_000)}`;
  const { pull } = await ask(
    'long',
    { 'package.json': manifest, '.github/backend.yml': 'plan: never\n' },
    { title: 'Add the answer', body },
  );
  expect(pull).toMatchObject({ state: 'open' });
});

it('calls GitHub and the model only as they document it', () => {
  expect(world.github.violations).toEqual([]);
  expect(world.github.history.filter(({ missed }) => missed)).toEqual([]);
  expect(world.model.refusals).toEqual([]);
  expect(world.model.prefixChanges).toBe(0);
});

async function paths(repository: RepositoryHandle, sha: string | undefined): Promise<string[]> {
  return (await repository.files(sha)).map(({ path }) => path).sort();
}
