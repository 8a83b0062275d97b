import { describe, expect, it } from 'vitest';
import { decide } from '../../src/policy/index.ts';
import { command, earlier, facts, issue, pull, request } from './builders.ts';

const goOn = command({ verb: 'continue', said: 'continue', instruction: 'quickly' });
const base = { branch: 'trunk', sha: 'd'.repeat(40) };

function accepted(given = facts()) {
  const decision = decide(request(), given);
  if (decision.type !== 'accept') throw new Error(JSON.stringify(decision));
  return decision.plan;
}

const stopped = earlier({
  request: command({ instruction: 'keep it small', options: [{ name: 'model', value: 'opus' }] }),
  plan: { ...accepted(), base },
  outcome: { type: 'stopped', by: 'ada' },
});

describe('a wish to go on with an issue', () => {
  it('takes over commit, words, options and the job itself from what was stopped', () => {
    const reading = earlier({ request: command({ verb: 'explain' }), plan: { ...accepted(), work: 'explain' } });
    expect(decide(goOn, facts({ earlier: [stopped, reading] }))).toMatchObject({
      type: 'accept',
      plan: {
        base,
        instruction: 'keep it small\n\nquickly',
        model: 'opus',
        resumes: { jobId: stopped.jobId, isSameGround: true },
      },
    });
  });

  it('carries out the plan that was approved for what failed', () => {
    const failed = { ...stopped, plan: { ...accepted(), approved: 'the plan' } };
    const outcome = { type: 'failed', step: 'verify', reason: 'x' } as const;
    const decision = decide(goOn, facts({ earlier: [{ ...failed, outcome }] }));
    expect(decision).toMatchObject({ type: 'accept', plan: { approved: 'the plan' } });
  });

  it.each([
    ['nothing was begun', [], 'No work stopped here'],
    [
      'the work was published',
      [earlier({ plan: accepted(), outcome: { type: 'published', pullNumber: 9, url: '', draft: true } })],
      'is in #9: `/backend continue` there',
    ],
    [
      'nothing needed to change',
      [earlier({ plan: accepted(), outcome: { type: 'nothing-to-change', reason: 'x' } })],
      'No work stopped here',
    ],
  ])('is told so when %s', (_, before, words) => {
    const decision = decide(goOn, facts({ earlier: before }));
    expect(decision).toMatchObject({ type: 'decline', reason: expect.stringContaining(words) as string });
  });

  it('has what waits go on at once', () => {
    expect(decide(goOn, facts({ earlier: [earlier({ state: 'queued' })] }))).toEqual({ type: 'go-on', jobId: 'job-1' });
  });
});

describe('a wish to go on with a pull request of ours', () => {
  const [onPull, mergeBase] = [issue({ number: 9, isPullRequest: true }), 'c'.repeat(40)];
  const given = { place: 'ours', issue: onPull, pull: pull(), mergeBase, publisher: 'job-7' } as const;
  const revised = (headSha: string) => {
    const continues = { pullNumber: 9, branch: pull().headBranch, headSha };
    const plan = { ...accepted(), base: { branch: 'trunk', sha: mergeBase }, work: 'revise', continues } as const;
    return { ...stopped, jobId: 'job-8', plan };
  };

  it.each([
    ['the job that opened it', [], { jobId: 'job-7', isSameGround: false }],
    ['a stopped job, with its files', [revised(pull().headSha)], { jobId: 'job-8', isSameGround: true }],
    ['a job whose branch has moved on', [revised('e'.repeat(40))], { jobId: 'job-8', isSameGround: false }],
  ])('goes on with %s', (_, before, resumes) => {
    expect(decide(goOn, facts({ ...given, earlier: before }))).toMatchObject({
      type: 'accept',
      plan: { work: 'revise', continues: { pullNumber: 9 }, resumes },
    });
  });

  it('goes on with the branch alone when nothing is kept of who made it', () => {
    const decision = decide(goOn, facts({ ...given, publisher: undefined }));
    expect(decision).toMatchObject({ type: 'accept', plan: { work: 'revise' } });
    expect(decision).not.toHaveProperty('plan.resumes');
  });
});
