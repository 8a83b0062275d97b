import { expect, it } from 'vitest';
import type { AgentRun, Asked, Job, Proof, Reply } from '../src/domain/index.ts';
import { ensureReplies } from '../src/replying.ts';
import { shareStandIn } from './github/github-world.ts';
import { aRequest } from './store/builders.ts';

const openWorld = shareStandIn();
const [before, after] = ['b'.repeat(40), 'c'.repeat(40)];

/** A pull request of ours with a thread in which we are asked for something, and what it takes to answer there. */
async function openThread({ by = 'mona' } = {}) {
  const world = await openWorld();
  world.standIn.addApp('other-app', { pull_requests: 'write' });
  const { standIn, repo, client, github } = world;
  const branch = 'backend/1-topic';
  await standIn.pushCommit(repo, { branch, files: { 'new.txt': 'one\ntwo\n' }, by: 'mona' });
  const { number } = await client.createPull({ title: 'Add', body: '', head: branch, base: 'main', draft: true });
  const comments = [{ path: 'new.txt', line: 1, body: 'Why?' }];
  const review = { by, state: 'COMMENTED', body: '', comments } as const;
  const [firstId = 0] = (await standIn.review(repo, number, review)).commentIds;
  const asked: Asked[] = [{ name: 'R1', said: [{ author: 'mona', text: 'Why?' }], firstId }];
  const warned: unknown[] = [];
  const desk = {
    client,
    bot: await github.identity(),
    log: { warn: (fields: unknown) => warned.push(fields) },
    journal: { once: async () => ({ asked }) },
    effects: {
      ensure: async <T>(_: string, { look, make }: { look: () => Promise<T | undefined>; make: () => Promise<T> }) =>
        (await look()) ?? (await make()),
    },
  } as unknown as Parameters<typeof ensureReplies>[3]; // what of it is used here
  const request = aRequest({ subject: { kind: 'pull_request', number }, intention: 'review:7' });
  const plan = { continues: { pullNumber: number, branch, headSha: before } };
  const job = { id: 'job-1', request, plan } as unknown as Job;
  const answer = ({ replies = [done], proof = 'proved', head = after, stop = 'submitted' }: Ending = {}) => {
    const run = { stop, submission: { replies } } as unknown as AgentRun;
    return ensureReplies(job, { run, ...(proof && { proof: { verdict: proof } as Proof }) }, head, desk);
  };
  const asksToResolve = () =>
    world.history().filter(({ path, body }) => path === '/graphql' && JSON.stringify(body).includes('mutation'));
  const resolvedBy = () => repo.reviewThreads(number)[0]?.resolvedBy;
  return { standIn, repo, number, firstId, answer, asksToResolve, resolvedBy, warned, world };
}

interface Ending {
  readonly replies?: readonly Reply[];
  readonly proof?: Proof['verdict'] | '';
  readonly head?: string;
  readonly stop?: AgentRun['stop'];
}

const done = { to: 'R1', text: 'Changed.', changed: true };

it('resolves a thread whose wish was carried out, once', async () => {
  const { standIn, answer, asksToResolve, resolvedBy } = await openThread();
  await answer();
  await answer();
  expect(resolvedBy()).toBe(standIn.app.botLogin);
  expect(asksToResolve()).toHaveLength(1);
});

it.each<[string, Ending]>([
  ['a question is answered', { replies: [{ to: 'R1', text: 'Because.', changed: false }] }],
  ['one of two answers says that something is left', { replies: [done, { to: 'R1', text: 'But not all.' }] }],
  ['there is no new commit', { head: before }],
  ['nothing was proved, as without a change', { proof: '' }],
  ['a check fails', { proof: 'failed' }],
  ['the run was cut short', { stop: 'budget' }],
  ['the answer is to nobody', { replies: [{ ...done, to: 'R2' }] }],
])('leaves a thread open when %s', async (_, ending) => {
  const { answer, asksToResolve, resolvedBy } = await openThread();
  await answer(ending);
  expect(asksToResolve()).toEqual([]);
  expect(resolvedBy()).toBeUndefined();
});

it('leaves a thread open that a bot began, whatever a person asked for in it', async () => {
  const { answer, asksToResolve } = await openThread({ by: 'other-app[bot]' });
  await answer();
  expect(asksToResolve()).toEqual([]);
});

it('leaves a thread open in which somebody said more after our answer', async () => {
  const { standIn, repo, firstId, answer, asksToResolve } = await openThread();
  await answer({ proof: 'failed' });
  await standIn.replyToReview(repo, firstId, 'And this?', { by: 'mona' });
  await answer();
  expect(asksToResolve()).toEqual([]);
});

it('leaves a thread alone that a person resolved', async () => {
  const { standIn, repo, firstId, answer, asksToResolve, resolvedBy } = await openThread();
  standIn.resolveThread(repo, firstId, { by: 'mona' });
  await answer();
  expect(asksToResolve()).toEqual([]);
  expect(resolvedBy()).toBe('mona');
});

it('asks again only after a look when the answer to it was lost', async () => {
  const { standIn, answer, asksToResolve, resolvedBy, warned } = await openThread();
  standIn.plantFault({ path: '/graphql', after: 2, then: 'lose-reply' });
  await answer();
  expect(warned).toHaveLength(1);
  await answer();
  expect(resolvedBy()).toBe(standIn.app.botLogin);
  expect(asksToResolve()).toHaveLength(1);
});

const forbidden = {
  data: { resolveReviewThread: null },
  errors: [{ type: 'FORBIDDEN', path: ['resolveReviewThread'], message: 'Resource not accessible by integration' }],
};

it('says that threads stay open where the App may not resolve them, and which permission it takes', async () => {
  const { standIn, repo, number, answer, resolvedBy } = await openThread();
  standIn.plantFault({ path: '/graphql', after: 2, then: 'status', status: 200, body: forbidden });
  await answer();
  expect(resolvedBy()).toBeUndefined();
  expect(repo.comments(number).map(({ body }) => body)).toEqual([
    expect.stringMatching(/could not all be resolved: .*Contents: write and Pull requests: write/s),
  ]);
});

it('says so as well at the limit of GraphQL, which holds nothing else up', async () => {
  const { standIn, repo, number, world, answer } = await openThread();
  standIn.plantFault({ path: '/graphql', then: 'rate-limit', holds: true });
  await answer();
  expect(repo.comments(number).map(({ body }) => body)).toEqual([expect.stringContaining('could not all be resolved')]);
  const sent = world.history().length;
  await expect(world.client.reviewThreads(number)).rejects.toMatchObject({ code: 'github-limited' });
  expect(world.history()).toHaveLength(sent);
  expect((await world.client.issue(number))?.number).toBe(number);
});
