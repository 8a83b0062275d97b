import { expect, it } from 'vitest';
import type { Outcome } from '../../src/domain/index.ts';
import { decide } from '../../src/policy/index.ts';
import { command, earlier, facts, issue, pull } from './builders.ts';

const rebase = command({ verb: 'rebase', said: 'rebase' });
const goOn = command({ verb: 'continue', said: 'continue' });
const [left, tip] = ['d'.repeat(40), 'e'.repeat(40)];
const ours = facts({
  place: 'ours',
  issue: issue({ isPullRequest: true }),
  pull: pull(),
  mergeBase: left,
  baseTip: tip,
});
const { headSha, headBranch: branch } = pull();

function accepted() {
  const decision = decide(rebase, ours);
  if (decision.type !== 'accept') throw new Error(JSON.stringify(decision));
  return decision.plan;
}

const last = (outcome: Outcome) => earlier({ request: rebase, plan: accepted(), outcome });

it('brings the newest commit of its own base into a pull request of ours', () => {
  expect(accepted()).toMatchObject({
    work: 'revise',
    base: { branch: 'trunk', sha: tip },
    continues: { pullNumber: 9, branch, headSha, leftBaseAt: left },
  });
});

it.each([
  [
    'says so where the branch holds all of it',
    { baseTip: left },
    'answer',
    /holds all of `trunk`, so there is nothing/,
  ],
  ['declines where the base is gone', { baseTip: undefined }, 'decline', /no branch `trunk`/],
  ['declines where both share no history', { mergeBase: undefined }, 'decline', /no commit in common/],
  [
    'declines on a pull request that is merged',
    { issue: issue({ isPullRequest: true, state: 'closed' }) },
    'decline',
    /./,
  ],
])('%s', (_, change, type, words) => {
  const decision = decide(rebase, { ...ours, ...change });
  expect(decision.type).toBe(type);
  expect(JSON.stringify(decision)).toMatch(words);
});

it('goes on with one that stopped, with its files as long as nothing moved', () => {
  const stopped = last({ type: 'failed', step: 'publish', reason: 'x' });
  const wanted = { continues: { leftBaseAt: left }, resumes: { jobId: 'job-1', isSameGround: true } };
  expect(decide(goOn, { ...ours, earlier: [stopped] })).toMatchObject({ plan: wanted });
  const moved = decide(goOn, { ...ours, baseTip: 'f'.repeat(40), earlier: [stopped] });
  expect(moved).toMatchObject({ plan: { base: { sha: 'f'.repeat(40) }, resumes: { isSameGround: false } } });
});

it('goes on with what was merged as with any other work', () => {
  const done = last({ type: 'published', pullNumber: 9, url: '', draft: true });
  const decision = decide(goOn, { ...ours, earlier: [done] });
  expect(decision).toMatchObject({ plan: { base: { sha: left } } });
  expect(decision).not.toHaveProperty('plan.continues.leftBaseAt');
});

it.each([
  [
    'is offered where a commit conflicts',
    {},
    { type: 'answer', text: /conflicts with `trunk` by now\. `\/backend rebase` brings/ },
  ],
  ['is not offered where nothing conflicts', { pull: pull() }, { type: 'ignore' }],
  ['is not offered while work goes on', { earlier: [earlier({ state: 'running' })] }, { type: 'ignore' }],
  ['is not offered on a pull request of somebody else', { place: 'theirs' as const }, { type: 'ignore' }],
])('%s', (_, change, wanted) => {
  const found = command({ verb: 'status', said: 'status', via: 'conflict', trigger: '' });
  const conflicting = { ...ours, permission: 'none' as const, pull: pull({ isConflicting: true }), ...change };
  const { text, ...rest } = { text: /./, ...wanted };
  const decision = decide(found, conflicting);
  expect(decision).toMatchObject(rest);
  expect(JSON.stringify(decision)).toMatch(text);
});
