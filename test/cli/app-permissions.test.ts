import { afterAll, beforeAll, expect, it } from 'vitest';
import { compareApp, needs, readManifest, tells, type Manifest } from '../../src/cli/app-permissions.ts';
import { describeSandbox, openLimitsLog } from '../../src/cli/kernel-limits.ts';
import { doorTo } from '../github/github-world.ts';
import { wantedEvents } from '../../src/trigger/index.ts';
import { startGitHub, type GitHubStandIn } from '../stand-ins/github/index.ts';

let manifest: Manifest;
let standIn: GitHubStandIn;
beforeAll(async () => {
  manifest = await readManifest();
  standIn = await startGitHub({
    permissions: { metadata: 'read', contents: 'read', issues: 'write', checks: 'write', workflows: 'write' },
    events: ['issues', 'push'],
  });
});
afterAll(() => standIn[Symbol.asyncDispose]());

const settingsUrl = 'https://github.com/settings/apps/backend';
const asked = () => ({ permissions: manifest.default_permissions, events: manifest.default_events, settingsUrl });

it('knows of everything that the manifest asks for what does not work without it', () => {
  expect(Object.keys(needs)).toEqual(Object.keys(manifest.default_permissions));
  expect(Object.keys(tells)).toEqual(manifest.default_events);
});

it('asks for every event that something here waits for', () => {
  // GitHub sends what happens to installations unasked.
  const waited = [...wantedEvents]
    .map((event) => event.split('.')[0])
    .filter((name) => !name?.startsWith('installation'));
  expect(new Set(manifest.default_events)).toEqual(new Set(waited));
});

it('has no remark on an App that has what the manifest asks for', () => {
  expect(compareApp(asked(), manifest)).toBeUndefined();
  expect(compareApp({ ...asked(), events: [...manifest.default_events, 'push'] }, manifest)).toBeUndefined();
});

it('names each permission and event that is missing or too much, why, and where to change it', async () => {
  const identity = await doorTo(standIn).identity();
  expect(compareApp(identity, manifest)).toEqual({
    verdict: 'bad',
    words: [
      'permission contents: write is missing: without it repositories cannot be fetched, and no branch can be made',
      'permission pull_requests: write is missing: without it no pull request can be opened',
      'event issue_comment is not subscribed to: without it commands are not noticed',
      'event pull_request_review is not subscribed to: without it commands in reviews are not noticed',
      'event pull_request_review_comment is not subscribed to: without it commands on lines of code are not noticed',
      'event pull_request is not subscribed to: without it work on a pull request that was closed goes on until it is to be published',
      'event repository_dispatch is not subscribed to: without it work that programs delegate is not noticed',
      'event repository is not subscribed to: without it what is kept of a deleted repository stays until its time is over',
      'permission workflows: write is more than is needed: take it away, so that GitHub itself refuses a change of ours to a workflow',
      `change it at ${standIn.url}/settings/apps/${standIn.app.slug}/permissions; each installation then has to accept it`,
    ].join('\n'),
  });
});

it('only warns of what is too much', () => {
  const permissions = { ...asked().permissions, contents: 'admin', secrets: 'read' };
  expect(compareApp({ ...asked(), permissions }, manifest)).toMatchObject({
    verdict: 'warned',
    words: expect.stringMatching(
      /contents: admin is more .*: set it to write\n.*secrets: read .*: take it away\n/,
    ) as string,
  });
});

it('says which of the kernel’s limits a machine lacks, what stands in, and how to get them', () => {
  const { missing, log } = openLimitsLog();
  log.info({ other: 1 });
  expect(describeSandbox('bubblewrap', missing).verdict).toBe('good');
  log.info({ missing: ['cgroup memory', 'cgroup pids'] });
  const { verdict, words } = describeSandbox('bubblewrap', missing);
  expect(verdict).toBe('warned');
  expect(words).toMatch(/a whole box’s memory \(a watch[^]*a whole box’s processes[^]*Delegate=pids memory cpu/);
});
