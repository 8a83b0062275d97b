import { BotError } from '../../src/domain/index.ts';
import { decide } from '../../src/policy/index.ts';
import { ensureReply, openStatus, publishWork } from '../../src/publish/index.ts';
import { startWorld, writesOf, type GitHubWorld } from '../github/github-world.ts';
import { facts, request } from '../policy/builders.ts';
import { aDesk, aWork } from '../publish/builders.ts';
import { once, sharedClass, type Case } from './case.ts';

/** Something tried on a GitHub of its own. */
async function inWorld<T>(what: (world: GitHubWorld) => Promise<T>): Promise<T> {
  await using world = await startWorld(undefined);
  return await what(world);
}

async function unless(action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    if (error instanceof BotError) return false;
    throw error;
  }
}

/** Publishing on an untouched repository. */
const publishes = once(() =>
  inWorld(async (world) => {
    const { job, deps } = await aDesk(world);
    const { headSha } = await publishWork(job, aWork(), deps);
    return (await world.repo.branchSha('backend/1-total')) === headSha;
  }),
);

const branch = 'backend/1-total';

interface Planted {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly message?: string;
}

const planted: readonly Planted[] = [
  { name: 'with a file of theirs', files: { 'evil.sh': 'evil\n' } },
  { name: 'with our title', files: { 'src/cart.js': 'evil\n' }, message: 'Add a total to the cart' },
  {
    name: 'with our title and trailer',
    files: { 'src/cart.js': 'evil\n' },
    message:
      'Add a total to the cart\n\nThe cart shows a total now.\n\nCo-authored-by: mona <583231+mona@users.noreply.github.com>',
  },
  { name: 'with a workflow', files: { '.github/workflows/evil.yml': 'on: push\n' } },
  {
    name: 'with our very files, later',
    files: { 'src/cart.js': 'export const total = 1;\n', 'test/cart.test.js': 'test\n', evil: 'x' },
  },
];

const branches: readonly Case[] = planted.map(({ name, ...commit }) => ({
  id: 'D40',
  name: `our branch is there already, ${name}`,
  baseline: () =>
    inWorld(async (world) => {
      await world.standIn.pushCommit(world.repo, { branch, by: 'eve', ...commit });
      return (await world.client.branchSha(branch)) !== undefined; // a bot that finds it goes on with it
    }),
  attack: () =>
    inWorld(async (world) => {
      const { job, deps } = await aDesk(world);
      const theirs = await world.standIn.pushCommit(world.repo, { branch, by: 'eve', ...commit });
      const { headSha, pullNumber } = await publishWork(job, aWork(), deps);
      const isTheirs = (await world.repo.commits(`main..${headSha}`)).some(({ sha }) => sha === theirs);
      return (
        isTheirs || world.repo.pull(pullNumber)?.head === branch || (await world.repo.branchSha(branch)) !== theirs
      );
    }),
  twin: publishes,
}));

/** Only one branch is made, and no other is moved, whatever the plan’s name for it. */
const refs: readonly Case[] = ['main', 'release', branch].map((wanted) => ({
  id: 'D21',
  name: `publishing on ${wanted} moves a branch of others`,
  baseline: () =>
    inWorld(async (world) => {
      await world.standIn.pushCommit(world.repo, { branch: 'release', files: { a: 'a' }, by: 'mona' });
      const sha = await world.repo.branchSha('main');
      return sha !== undefined && wanted !== ''; // a push with force would move it
    }),
  attack: () =>
    inWorld(async (world) => {
      await world.standIn.pushCommit(world.repo, { branch: 'release', files: { a: 'a' }, by: 'mona' });
      const { job, deps } = await aDesk(world, { plan: { branch: wanted } });
      const before = await world.repo.branches();
      await publishWork(job, aWork(), deps);
      const after = await world.repo.branches();
      const moved = before.filter(({ name, sha }) => after.find((one) => one.name === name)?.sha !== sha);
      return moved.length > 0 || after.length !== before.length + 1;
    }),
  twin: publishes,
}));

/** Somebody pushed to, or closed, what we would go on with. */
const continued: readonly Case[] = (['pushed', 'closed'] as const).map((what) => ({
  id: 'D21',
  name: `a branch that a person ${what} is written over`,
  baseline: () => inWorld(async (world) => (await world.client.branchSha('main')) !== undefined),
  attack: () =>
    inWorld(async (world) => {
      const { job, deps } = await aDesk(world);
      const first = await publishWork(job, aWork(), deps);
      if (what === 'pushed')
        await world.standIn.pushCommit(world.repo, { branch, files: { mine: 'mine' }, by: 'mona' });
      else await world.standIn.closePull(world.repo, first.pullNumber, { by: 'mona' });
      const before = await world.repo.branchSha(branch);
      const continues = { pullNumber: first.pullNumber, branch, headSha: first.headSha };
      const next = { ...job, plan: { ...job.plan, continues } };
      const isDone = await unless(() => publishWork(next, aWork({ fresh: aWork().run.changes }), deps));
      return isDone || (await world.repo.branchSha(branch)) !== before;
    }),
  twin: publishes,
}));

/** The second look finds what the first has written. */
const findsItsOwn = once(() =>
  inWorld(async (world) => {
    const { job, deps } = await aDesk(world);
    const show = async () => {
      await using status = await openStatus(job, deps);
      await status.finish({ type: 'answered' });
    };
    await show();
    await show();
    return world.repo.comments(1).length === 1;
  }),
);

/** A marker of ours in a comment of somebody else’s: it is neither edited nor taken for ours. */
const markers: readonly Case[] = [
  ['the status marker', '<!-- backend:status 1 -->\nforged'],
  ['the start of the status marker', '<!-- backend:status'],
  ['the reply marker', '<!-- backend:reply label:1:2026-03-01T10:00:00Z -->\nforged'],
].flatMap(([name = '', body = '']) =>
  ['eve', 'mona', 'other-app[bot]'].map((by) => ({
    id: 'D26',
    name: `${name} in a comment by ${by}`,
    baseline: () =>
      inWorld(async (world) => {
        await aDesk(world);
        await world.standIn.comment(world.repo, 1, body, { by });
        return (await world.client.comments(1)).some((comment) => comment.body.startsWith('<!-- backend:'));
      }),
    attack: () =>
      inWorld(async (world) => {
        const { job, deps } = await aDesk(world);
        const theirs = await world.standIn.comment(world.repo, 1, body, { by });
        await using status = await openStatus(job, deps);
        await status.finish({ type: 'answered' });
        await ensureReply(job.request, 'Thank you.', deps);
        const comments = world.repo.comments(1);
        return comments.find(({ id }) => id === theirs.id)?.body !== body || comments.length !== 3;
      }),
    twin: findsItsOwn,
  })),
);

/** A name that means something else by now. */
const renamed: readonly Case[] = [
  {
    id: 'D39',
    name: 'a repository of the same name took the place of ours',
    baseline: () => inWorld(async ({ repo }) => `${repo.owner}/${repo.name}` === 'acme/shop'),
    attack: () =>
      inWorld(async (world) => {
        const { job, deps } = await aDesk(world);
        world.standIn.deleteRepository(world.repo, { by: 'mona' });
        const impostor = await world.standIn.createRepository({
          owner: 'acme',
          name: 'shop',
          files: { 'README.md': '# Shop\n' },
          collaborators: { eve: 'admin' },
        });
        await unless(() => publishWork(job, aWork(), deps));
        return impostor.pulls().length > 0 || (await impostor.branches()).length > 1;
      }),
    twin: publishes,
  },
  {
    id: 'D6',
    name: 'a person took the login of one who may write',
    baseline: () =>
      inWorld(
        async ({ client, standIn }) =>
          (await client.permissionOf({ ...standIn.addUser('mona'), type: 'User' })) === 'write',
      ),
    attack: () =>
      inWorld(
        async ({ client }) =>
          (await client.permissionOf({ id: 4_000_000_001, login: 'mona', type: 'User' })) !== 'none',
      ),
    twin: () =>
      inWorld(
        async ({ client, standIn }) =>
          (await client.permissionOf({ ...standIn.addUser('mona'), type: 'User' })) === 'write',
      ),
  },
  {
    id: 'D6',
    name: 'GitHub can’t say what a person may',
    baseline: () =>
      inWorld(
        async ({ client, standIn }) =>
          (await client.permissionOf({ ...standIn.addUser('mona'), type: 'User' })) === 'write',
      ),
    attack: () =>
      inWorld(async ({ client, standIn }) => {
        standIn.plantFault({ method: 'GET', path: /\/permission$/, then: 'status', status: 500, times: 50 });
        return await unless(() => client.permissionOf({ ...standIn.addUser('mona'), type: 'User' }));
      }),
    twin: () =>
      inWorld(async ({ client }) => (await client.permissionOf({ id: 999, login: 'nobody', type: 'User' })) === 'none'),
  },
  {
    id: 'D39',
    name: 'an issue moved to another repository',
    baseline: () => decide(request(), facts()).type === 'accept',
    attack: () =>
      inWorld(async (world) => {
        await aDesk(world);
        const other = await world.standIn.createRepository({ owner: 'acme', name: 'other', files: { a: 'a' } });
        await world.standIn.transferIssue(world.repo, 1, other, { by: 'mona' });
        const issue = await world.client.issue(1);
        return decide(request(), facts({ issue })).type === 'accept';
      }),
    twin: () =>
      inWorld(async (world) => {
        await aDesk(world);
        return (await world.client.issue(1)) !== undefined && writesOf(world).length === 0;
      }),
  },
];

export const identity = sharedClass('identity', async () => [
  ...branches,
  ...refs,
  ...continued,
  ...markers,
  ...renamed,
]);
