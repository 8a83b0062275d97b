import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadFixture, rehearse, type Fixture } from '../demo/rehearsal.ts';
import type { GitHubStandIn, RepositoryHandle } from '../stand-ins/github/index.ts';
import { startPostgres, type PostgresStandIn } from '../stand-ins/postgres.ts';
import { labelIssue, startWorld, type World } from './world.ts';

const fixtures = ['node-orders', 'python-inventory', 'go-shortener'].map(loadFixture);
const sections = ['Summary', 'Tests', 'Evidence', 'Quality checklist', 'Recommendations'];

/** Everything a person could see of a repository. */
async function everythingIn(repository: RepositoryHandle) {
  return {
    branches: await repository.branches(),
    issues: repository.issues(),
    pulls: repository.pulls(),
    checkRuns: repository.checkRuns(),
    threads: repository.issues().map(({ number }) => [repository.comments(number), repository.reactions(number)]),
  };
}

/** Sends every delivery once more: with its own id, and with a fresh one as an attacker would. */
async function deliverAgain(github: GitHubStandIn, appUrl: string): Promise<number[]> {
  const sent = github.deliveries.filter(({ event }) => event === 'issues');
  for (const { id } of sent) github.redeliver(id);
  await github.settled();
  const replays = sent.map(async ({ requestHeaders, requestBody }) => {
    const headers = { ...requestHeaders, 'x-github-delivery': crypto.randomUUID() };
    return (await fetch(`${appUrl}/api/github/webhooks`, { method: 'POST', headers, body: requestBody })).status;
  });
  return Promise.all(replays);
}

let postgres: PostgresStandIn;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres[Symbol.asyncDispose]());

describe.each([
  ['the embedded database', fixtures, 'honest' as const, async () => ({})],
  [
    'PostgreSQL',
    fixtures.slice(0, 1),
    'hasty' as const,
    async () => ({ databaseUrl: await postgres.createDatabase() }),
  ],
])('on %s', (_, wanted, manner, place) => {
  let world: World;
  const repositories: RepositoryHandle[] = [];
  beforeAll(async () => {
    world = await startWorld({ script: rehearse(wanted, manner), ...(await place()) });
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it.each(wanted.map((fixture) => [fixture.name, fixture] as const))(
    'turns a labelled issue of %s into a proved pull request, once',
    async (_name, fixture) => {
      const { repository, issue } = await labelIssue(world.github, fixture);
      repositories.push(repository);
      const base = await repository.branchSha('main');
      await world.idle();

      await expectProvedPull({ world, repository, fixture, issueNumber: issue.number, base });
    },
  );

  it('changes nothing when every delivery comes again, with its own id or a fresh one', async () => {
    const { github } = world;
    const before = await Promise.all(repositories.map(everythingIn));
    const runs = await world.app.runs();
    expect(new Set(await deliverAgain(github, world.app.url))).toEqual(new Set([200]));
    await world.idle();
    expect(await world.app.runs()).toEqual(runs);
    expect(await Promise.all(repositories.map(everythingIn))).toEqual(before);
  });

  it('calls GitHub and the model only as they document it', () => {
    expect(world.github.violations).toEqual([]);
    expect(world.github.history.filter(({ missed }) => missed)).toEqual([]);
    expect(world.model.refusals).toEqual([]);
    expect(world.model.prefixChanges).toBe(0);
  });

  it('leaves no secret in the log or on disk, and no folder of a finished job', async () => {
    const secrets = [world.github.app.webhookSecret, world.model.apiKey, 'PRIVATE KEY', 'ghs_'];
    for (const secret of secrets) expect(world.log.join('')).not.toContain(secret);
    expect(await world.filesContaining(secrets)).toEqual([]);
    expect(await world.jobFolders()).toEqual([]);
  });
});

interface Expected {
  readonly world: World;
  readonly repository: RepositoryHandle;
  readonly fixture: Fixture;
  readonly issueNumber: number;
  readonly base: string | undefined;
}

async function expectProvedPull(expected: Expected): Promise<void> {
  const { world, repository, fixture, issueNumber, base } = expected;
  const { botLogin } = world.github.app;
  const [pull] = repository.pulls();
  if (pull === undefined) throw new Error('there is no pull request');
  expect(repository.pulls()).toHaveLength(1);
  expect(pull).toMatchObject({ author: botLogin, base: 'main', draft: true, state: 'open' });
  expect(pull.head).toMatch(new RegExp(`^backend/${issueNumber}-`));
  expect(pull.body).not.toContain('Not finished');
  for (const title of sections) expect(pull.body).toContain(`## ${title}\n`);
  expect(pull.body).toContain(`| \`${fixture.task.testFile}\` | ✗ fails | ✓ passes |`);
  expect(pull.body).toContain(`Closes #${issueNumber}`);
  const commits = await repository.commits(`main..${pull.headSha}`);
  expect(commits).toMatchObject([{ sha: pull.headSha, verified: true, parents: [base] }]);
  expect(commits[0]?.message).toMatch(/\nCo-authored-by: ada <\d+\+ada@users\.noreply\.github\.com>$/);
  for (const [path, content] of Object.entries(fixture.task.changes))
    expect((await repository.file(path, pull.headSha))?.toString(), path).toBe(content);
  const status = expect.stringContaining(`pull request #${pull.number}`) as string;
  expect(repository.comments(issueNumber)).toMatchObject([{ author: botLogin, body: status }]);
  expect(repository.reactions(issueNumber)).toEqual([
    { content: 'eyes', user: botLogin },
    { content: 'rocket', user: botLogin },
  ]);
  const check = { name: 'backend-developer', headSha: pull.headSha, conclusion: 'success' };
  expect(repository.checkRuns()).toMatchObject([check]);
}
