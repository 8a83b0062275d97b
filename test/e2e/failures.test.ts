import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadFixture, rehearse } from '../demo/rehearsal.ts';
import { labelIssue, startWorld, until } from './world.ts';

const root = join(import.meta.dirname, '../..');
const fixture = loadFixture('node-orders');

it('says in the status comment where and why a job failed, and how to try again', async () => {
  await using world = await startWorld({
    script: rehearse([fixture], 'honest'),
    environment: { ANTHROPIC_API_KEY: 'sk-ant-wrong' },
  });
  const { github } = world;
  const { repository, issue } = await labelIssue(github, fixture);
  await world.idle();
  const [status, ...others] = repository.comments(issue.number);
  expect(others).toEqual([]);
  expect(status?.body).toMatch(
    /failed at step implement: the model refused our request; [\s\S]*`\/backend implement` to retry/,
  );
  expect(world.log.join('')).toContain('check ANTHROPIC_API_KEY');
  expect(`${status?.body ?? ''}${world.log.join('')}`).not.toContain('sk-ant-wrong');
  expect(repository.pulls()).toEqual([]);
});

it('does not open a second pull request for an issue whose title was edited, and names the first', async () => {
  await using world = await startWorld({ script: rehearse([fixture], 'honest') });
  const { github } = world;
  const { repository, issue } = await labelIssue(github, fixture);
  await world.idle();
  await github.editIssue(repository, issue.number, { title: 'Quite another title', by: 'ada' });
  await github.comment(repository, issue.number, '/backend implement', { by: 'ada' });
  await world.idle();
  expect(repository.pulls()).toHaveLength(1);
  expect(repository.comments(issue.number).at(-1)?.body).toMatch(/Pull request #2 for this issue is open already/);
});

it('publishes nothing for a person who lost the permission while the work went on', async () => {
  await using world = await startWorld({ script: rehearse([fixture], 'honest') });
  const { github } = world;
  const { repository, issue } = await labelIssue(github, fixture);
  await world.model.received(1);
  github.setPermission(repository, 'ada', 'read');
  await world.idle();
  expect(repository.pulls()).toEqual([]);
  expect(await repository.branches()).toHaveLength(1);
  expect(repository.comments(issue.number).map(({ body }) => body)).toEqual([
    expect.stringMatching(/not done: Thank you for asking/),
  ]);
});

it.each([
  [
    'a wrong environment',
    { APP_ID: '1', WEBHOOK_SECRET: 'development' },
    /Cannot start\.\n[\s\S]*WEBHOOK_SECRET is too weak/,
  ],
  ['production without credentials', { NODE_ENV: 'production' }, /Cannot start\.\nAPP_ID is missing/],
])('refuses to start in %s, with exit code 1', async (_, environment, said) => {
  const child = spawn(process.execPath, [join(root, 'src/main.ts')], {
    cwd: tmpdir(),
    env: { NODE_ENV: 'test', PATH: process.env['PATH'], HOME: tmpdir(), ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  expect(await once(child, 'close')).toEqual([1, null]);
  expect(text).toMatch(said);
});

it('opens the page that creates the GitHub App when nothing is configured', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'backend-setup-'));
  const port = await freePort();
  const child = spawn(process.execPath, [join(root, 'src/main.ts')], {
    cwd: root,
    env: {
      NODE_ENV: 'test',
      PATH: process.env['PATH'],
      HOME: folder,
      PORT: String(port),
      PUBLIC_URL: 'https://bot.example.com',
    },
    stdio: 'ignore',
  });
  const page = await until(async () => (await fetch(`http://127.0.0.1:${port}/probot`).catch(() => undefined))?.text());
  const manifest = /name="manifest" value='([^']*)'/.exec(page)?.[1] ?? page;
  expect(manifest).toContain('https://bot.example.com/api/github/webhooks');
  for (const wanted of ['contents', 'issue_comment', 'Backend Developer']) expect(manifest).toContain(wanted);
  child.kill();
  await rm(folder, { recursive: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server's address is never a string
  server.close();
  await once(server, 'close');
  return port;
}
