import { describe, expect, it } from 'vitest';
import type { Outcome, Plan, WorkRequest } from '../../src/domain/index.ts';
import { decide, planFrom, signs, type Facts } from '../../src/policy/index.ts';
import { digestOf } from '../../src/proposal/index.ts';
import { command, earlier, facts, issue, pull, request } from './builders.ts';

function planOf(asked: WorkRequest, given: Facts): Plan {
  const decision = decide(asked, given);
  if (decision.type !== 'accept') throw new Error(JSON.stringify(decision));
  return decision.plan;
}

const planned: Outcome = { type: 'planned', commentId: 70, url: 'u' };
const boxes = (count: number) => Array.from({ length: count }, (_, index) => `- [ ] c${index}`).join('\n');

describe('under plan: auto', () => {
  it.each<[string, WorkRequest['seen']]>([
    ['an ordinary issue', { title: 'Add a health endpoint', body: '`GET /health` answers 200.' }],
    ['a risky word in the title', { title: 'Fix a typo in the login page', body: '' }],
    ['a few risks in the text', { title: 'Tidy up', body: 'After the migration, mind payments and passwords.' }],
    ['a long log', { title: 'It fails', body: `See:\n\n\`\`\`\n${'migration failed: auth\n'.repeat(1_000)}\n\`\`\`` }],
    ['a long text', { title: 'Add pages', body: 'Words and words. '.repeat(300) }],
    ['eight boxes', { title: 'Add a login form', body: boxes(8) }],
  ])('%s goes straight to work', (_, seen) => {
    expect(planOf(request({ seen }), facts()).work).toBeUndefined();
  });

  it.each<[string, WorkRequest['seen'], string]>([
    [
      'two risks in the title',
      { title: 'Migrate sessions to the new database', body: '' },
      'the issue changes a database’s schema and is about who may do what',
    ],
    ['very long', { title: 'Add it', body: 'Words and words. '.repeat(700) }, 'is more than 10,000 characters long'],
    ['many boxes', { title: 'Add it', body: boxes(17) }, 'has more than 16 boxes to tick'],
    [
      'many boxes and a risk',
      { title: 'Rewrite the importer', body: boxes(9) },
      'the issue has more than 8 boxes to tick and rebuilds a large part',
    ],
    [
      'risks in title and text',
      { title: 'Refunds', body: 'A breaking change; it deletes all user records.' },
      'is about money and breaks what others rely on and deletes data',
    ],
  ])('%s is planned first, and it is said why', (_, seen, why) => {
    const plan = planOf(request({ seen }), facts());
    expect(plan).toMatchObject({ work: 'plan', planFirst: expect.stringContaining(why) as string });
  });

  it('no single sign suffices', () => {
    expect(signs.filter(({ weight }) => Math.max(weight.text, weight.title) >= planFrom)).toEqual([]);
  });
});

describe('a plan comes first', () => {
  const always = facts({ settingsText: 'plan: always' });
  const option = (value: string) => ({ options: [{ name: 'plan', value }] });
  it.each<[string, WorkRequest, Facts, Plan['work']]>([
    ['by the settings, for a label', request(), always, 'plan'],
    ['by the settings, for a command', command(), always, 'plan'],
    ['by the command', command(option('always')), facts(), 'plan'],
    ['not where the command says never', command(option('never')), always, undefined],
    [
      'not where the settings say never',
      request({ seen: { title: 'x', body: boxes(20) } }),
      facts({ settingsText: 'plan: never' }),
      undefined,
    ],
    ['not where one waits', command(), { ...always, earlier: [earlier({ outcome: planned })] }, undefined],
    [
      'where one waits and the command asks for another',
      command(option('always')),
      { ...always, earlier: [earlier({ outcome: planned })] },
      'plan',
    ],
    [
      'where one waited before the work',
      command(),
      { ...always, earlier: [earlier({ outcome: planned }), earlier({ outcome: { type: 'stopped', by: 'ada' } })] },
      'plan',
    ],
  ])('%s', (_, asked, given, work) => {
    expect(planOf(asked, given).work).toBe(work);
  });

  it('again when it is retried, unless the retry says otherwise', () => {
    const plan = planOf(command(option('always')), facts());
    const before = earlier({
      request: command({ verb: 'plan' }),
      plan,
      outcome: { type: 'failed', step: 'plan', reason: 'x' },
    });
    const retry = command({ verb: 'retry' });
    expect(planOf(retry, facts({ earlier: [before] })).work).toBe('plan');
    expect(planOf({ ...retry, ...option('never') }, facts({ earlier: [before] })).work).toBeUndefined();
  });

  it('lets what rests go on, and work start beside a plan that rests', () => {
    const resting = earlier({ request: command({ verb: 'plan' }), state: 'queued' });
    const given = facts({ earlier: [resting] });
    for (const verb of ['plan', 'approve'] as const)
      expect(decide(command({ verb }), given)).toEqual({ type: 'go-on', jobId: 'job-1' });
    expect(decide(command(), given)).toMatchObject({ type: 'accept' });
  });
});

describe('an approval', () => {
  const { seen } = request();
  const body = (list = '- [x] It is there', wish = 'comment:3') =>
    `<!-- backend:plan ${wish} issue:${digestOf(seen)} -->\n### Acceptance criteria\n\n${list}\n`;
  const proposal = (change: Partial<NonNullable<Facts['proposal']>> = {}) => ({
    id: 70,
    author: { id: 99, login: 'backend-developer[bot]', type: 'Bot' as const },
    body: body(),
    createdAt: '2025-06-01T09:00:00Z',
    updatedAt: '2025-06-01T10:00:00Z',
    htmlUrl: 'u',
    ...change,
  });
  const plan = { ...planOf(request(), facts()), work: 'plan' } as const;
  const before = earlier({ request: command({ verb: 'plan', intention: 'comment:3' }), plan, outcome: planned });
  const waiting = (change: Partial<Facts> = {}) => facts({ proposal: proposal(), earlier: [before], ...change });
  const approve = command({ verb: 'approve', intention: 'comment:4' });
  const liked = request({
    verb: 'approve',
    via: 'reaction',
    trigger: '',
    source: { type: 'comment', commentId: 70 },
    intention: 'approve:70',
  });

  it.each([
    ['by command', approve],
    ['by a 👍', liked],
  ])('%s carries the plan out as it stands', (_, asked) => {
    const edited = proposal({ body: body('- [x] It is there\n- [x] and more') });
    expect(decide(asked, waiting({ proposal: edited }))).toMatchObject({
      type: 'accept',
      plan: { approved: edited.body, budget: { usd: 5 } },
    });
    expect(planOf(asked, waiting()).work).toBeUndefined();
  });

  it('takes options, counts where our records are lost, and goes on where the same work rests', () => {
    const options = [{ name: 'budget', value: '2' }];
    expect(planOf({ ...approve, options }, waiting({ earlier: [] }))).toMatchObject({ budget: { usd: 2 } });
    const resting = earlier({ jobId: 'job-2', request: approve, state: 'queued' });
    expect(decide(approve, waiting({ earlier: [before, resting] }))).toEqual({ type: 'go-on', jobId: 'job-2' });
  });

  it('is retried by the same plan', () => {
    const failed = earlier({
      request: approve,
      plan: planOf(approve, waiting()),
      outcome: { type: 'failed', step: 'publish', reason: 'x' },
    });
    const retried = decide(command({ verb: 'retry' }), facts({ earlier: [before, failed] }));
    expect(retried).toMatchObject({ plan: { approved: body() } });
  });

  const later = earlier({
    request: command({ verb: 'plan', intention: 'comment:5' }),
    plan,
    outcome: { type: 'failed', step: 'plan', reason: 'x' },
  });
  it.each<[string, WorkRequest, Partial<Facts>, string]>([
    ['no plan', approve, { proposal: undefined }, 'There is no plan here'],
    ['nothing of ours in it', approve, { proposal: proposal({ body: 'lol' }) }, 'There is no plan here'],
    [
      'an edit since',
      approve,
      { proposal: proposal({ updatedAt: '2025-06-01T10:00:01Z' }) },
      'edited after it was approved',
    ],
    ['another issue by now', { ...approve, seen: { ...seen, body: 'More!' } }, {}, 'issue has changed'],
    ['nothing ticked', approve, { proposal: proposal({ body: body('- [ ] no') }) }, 'no acceptance criterion left'],
    ['a later plan that failed', approve, { earlier: [before, later] }, 'not the one that was asked for last'],
    ['a 👍 on an older plan', liked, { proposal: proposal({ id: 71 }) }, 'not the one that was asked for last'],
    ['a pull request', approve, { ours: [pull()] }, '#9 for this issue is open already'],
    ['a closed issue', approve, { issue: issue({ state: 'closed' }) }, 'closed'],
    ['no permission', approve, { permission: 'read' }, 'write access'],
  ])('is declined for %s', (_, asked, change, words) => {
    expect(decide(asked, waiting(change))).toEqual({
      type: 'decline',
      reason: expect.stringContaining(words) as string,
    });
  });

  it('by the 👍 of somebody who may write no more is ignored', () => {
    expect(decide(liked, waiting({ permission: 'read' }))).toMatchObject({ type: 'ignore' });
  });

  it('is asked for by the status, as long as the plan stands', () => {
    const status = command({ verb: 'status' });
    expect(decide(status, waiting())).toMatchObject({
      text: expect.stringContaining('The plan above waits') as string,
    });
    expect(decide(status, waiting({ proposal: undefined }))).toMatchObject({
      text: expect.stringContaining('was deleted') as string,
    });
  });
});
