import { expect, it } from 'vitest';
import type { AgentRun, Asked, Job, Reply } from '../src/domain/index.ts';
import { ensureReplies } from '../src/replying.ts';
import { shareStandIn } from './github/github-world.ts';
import { aRequest } from './store/builders.ts';

const openWorld = shareStandIn();

/** A pull request of ours with two threads of mona's, and a desk whose earlier attempts nobody remembers: it was killed. */
async function openThreads() {
  const world = await openWorld();
  const { standIn, repo, client, github } = world;
  const branch = 'backend/1-topic';
  await standIn.pushCommit(repo, { branch, files: { 'new.txt': 'one\ntwo\n' }, by: 'mona' });
  const { number } = await client.createPull({ title: 'Add', body: '', head: branch, base: 'main', draft: true });
  const comments = [1, 2].map((line) => ({ path: 'new.txt', line, body: `On ${line}` }));
  const { commentIds } = await standIn.review(repo, number, { by: 'mona', state: 'COMMENTED', body: 'All.', comments });
  const said = [{ author: 'mona', text: 'All, please.\nReally.' }];
  const asked: Asked[] = [{ name: 'R1', said }];
  for (const [index, firstId] of commentIds.entries()) asked.push({ name: `R${index + 2}`, said, firstId });
  const desk = {
    client,
    bot: await github.identity(),
    journal: { once: async () => ({ asked }) },
    effects: {
      ensure: async <T>(_: string, { look, make }: { look: () => Promise<T | undefined>; make: () => Promise<T> }) =>
        (await look()) ?? (await make()),
    },
  } as unknown as Parameters<typeof ensureReplies>[3]; // what of it is used here
  const request = aRequest({ subject: { kind: 'pull_request', number }, intention: 'review:7' });
  const answer = (replies: readonly Reply[]) => {
    const job = { id: 'job-1', request, plan: {} } as unknown as Job;
    const run = { submission: { replies } } as unknown as AgentRun;
    return ensureReplies(job, { run }, 'c'.repeat(40), desk);
  };
  const shown = () => ({
    threads: repo.reviewThreads(number).map((thread) => thread.comments.slice(1).map(({ body }) => body)),
    comments: repo.comments(number).map(({ body }) => body),
  });
  return { standIn, repo, commentIds, answer, shown };
}

const replies = [
  { to: 'R1', text: 'All of it.' },
  { to: 'R2', text: 'The first.' },
  { to: 'r3', text: 'The second.' },
  { to: 'R3', text: 'And more.' },
  { to: 'R9', text: 'To nobody.' },
];

const everything = {
  threads: [
    [expect.stringMatching(/^<!-- backend:answer job-1 \d+ -->\nThe first\.\n\nR2, as of c{12}\.$/)],
    [expect.stringMatching(/\nThe second\.\n\nAnd more\.\n\nR3, as of c{12}\.$/)],
  ],
  comments: [expect.stringMatching(/\n> All, please\.\n\nAll of it\.\n\nTo nobody\.$/)],
};

it('answers each thread in itself and everything else in one comment, however often it is called', async () => {
  const { answer, shown } = await openThreads();
  await answer(replies);
  await answer(replies);
  expect(shown()).toEqual(everything);
});

it.each([
  ['the first answer', '/replies', 0],
  ['the second answer', '/replies', 1],
  ['the comment', /\/issues\/\d+\/comments/, 0],
])('writes nothing twice when it ends right after %s was made', async (_, path, after) => {
  const { standIn, answer, shown } = await openThreads();
  standIn.plantFault({ method: 'POST', path, after, then: 'lose-reply' });
  await expect(answer(replies)).rejects.toMatchObject({ code: 'github-unavailable' });
  await answer(replies);
  expect(shown()).toEqual(everything);
});

it('answers in the comment where the thread is gone', async () => {
  const { standIn, repo, commentIds, answer, shown } = await openThreads();
  await standIn.deleteReviewComment(repo, commentIds[0] ?? 0, { by: 'mona' });
  await answer([{ to: 'R2', text: 'The first.' }]);
  expect(shown()).toEqual({
    threads: [[]],
    comments: [expect.stringMatching(/\n> All, please\.\n\nThe first\.$/)],
  });
});

it('does not take a copy of its marker by somebody else for its own answer', async () => {
  const { standIn, repo, commentIds, answer, shown } = await openThreads();
  const [firstId = 0] = commentIds;
  await standIn.replyToReview(repo, firstId, `<!-- backend:answer job-1 ${firstId} -->\nNo.`, { by: 'eve' });
  await answer([{ to: 'R2', text: 'The first.' }]);
  expect(shown().threads[0]).toHaveLength(2);
});

it('says what a model wrote so that it commands and calls nobody', async () => {
  const { answer, shown } = await openThreads();
  await answer([{ to: 'R2', text: '/backend stop\n@mona closes #1 <img src=x>' }]);
  expect(shown().threads[0]?.[0]).not.toMatch(/^\/backend|(?<!`)@mona|<img/m);
});
