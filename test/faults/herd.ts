import { setTimeout as sleep } from 'node:timers/promises';
import type { HistoryEntry } from '../stand-ins/github/index.ts';
import { cheapReply, titleFor } from './cheap.ts';
import type { Options, Result } from './result.ts';
import { openWorld } from './world.ts';
import { isOver, openYard } from './yard.ts';

/**
 * An hour of GitHub's limits lasts a minute here, and a tenth of a second on the way counts for six: so the app keeps further below
 * the limits than it has to, and how far apart two calls arrive is not judged.
 */
const compression = 60;
const github = {
  perHour: 5_000,
  primaryMs: 3_600_000 / compression,
  contentPerMinute: 80,
  contentPerHour: 500,
  minuteMs: 60_000 / compression,
  hourMs: 3_600_000 / compression,
};
const pace = {
  gapMs: 20,
  perMinute: 66,
  minuteMs: 60_000 / compression,
  perHour: 470,
  hourMs: 3_600_000 / compression,
};

/** Of so many herd jobs that end meanwhile, another repository's first may wait for. */
const fairShare = 20;

/** A thousand issues are labelled at once, most of them empty and declined; another repository's only issue comes last. */
export async function runHerd({ quick, tell }: Options): Promise<Result> {
  await using world = await openWorld({
    kind: 'PostgreSQL',
    script: (request) => cheapReply(request),
    sandbox: 'unsafe-none',
    github: { rateLimit: github },
    timing: { pace },
    environment: { CONCURRENCY: '4' },
  });
  const size = quick ? 100 : 1_000;
  const yard = openYard(world);
  const herd = await world.createRepository('herd');
  const app = await world.start();
  const labelledAt = Date.now();
  // Every hundredth is real work; the others have nothing to work from and are declined, which costs a tenth.
  for (let index = 1; index < size; index += 1)
    await world.github.openIssue(herd, {
      title: index % 100 === 0 ? titleFor(`herd-${index}`) : '?',
      body: '',
      by: 'ada',
      labels: ['backend'],
    });
  await world.github.openIssue(herd, { title: titleFor('herd'), body: 'Add it.', by: 'ada', labels: ['backend'] });
  const [other] = await yard.ask(1);
  const askedAt = Date.now();
  const answered = () =>
    herd.issues().filter(({ isPull, number }) => !isPull && herd.comments(number).length > 0).length;
  const before = answered();
  while (other !== undefined && other.repository.reactions(other.issue).length === 0) await sleep(20);
  const waited = { herdJobs: answered() - before, ms: Date.now() - askedAt };
  const last = { repository: herd, issue: size, kills: [], repeats: 0 };
  const until = Date.now() + 600_000;
  while ((answered() < size || !isOver(last)) && Date.now() < until) await sleep(200);
  await yard.ended(120_000);
  const counts = {
    answered: answered(),
    refused: world.github.deliveries.filter(({ state }) => state === 'failed').length,
    limits: world.github.limitAnswers.length,
    shown: world.github.history.filter(isPlaceInQueue).length,
    before: waited.herdJobs,
  };
  const said = `${size} issues labelled within ${askedAt - labelledAt} ms, ${counts.answered} answered after ${Math.round((Date.now() - labelledAt) / 1000)} s; the other repository's issue was begun after ${waited.ms} ms and ${waited.herdJobs} herd jobs; ${counts.limits} limit answers; ${counts.shown} places in the queue shown`;
  tell(said);
  await app.stop();
  const found = {
    injected: size + 1,
    lost: size - counts.answered,
    violations: complaints(counts, size),
    notes: [said],
  };
  return await yard.judge(found, { everyWish: true });
}

interface Counts {
  readonly answered: number;
  readonly refused: number;
  readonly limits: number;
  readonly shown: number;
  readonly before: number;
}

function complaints({ answered, refused, limits, shown, before }: Counts, size: number): readonly string[] {
  const all: readonly (readonly [boolean, string])[] = [
    [refused > 0, `${refused} deliveries were refused`],
    [answered < size, `${size - answered} issues of the herd were not answered`],
    [before > fairShare, `${before} herd jobs went before another repository's first`],
    [limits > 0, `${limits} answers were GitHub's limits, caused by us`],
    [shown === 0, 'nobody was shown a place in the queue'],
  ];
  return all.flatMap(([isSo, sentence]) => (isSo ? [sentence] : []));
}

/** A status comment's first state, or an edit of it. */
function isPlaceInQueue({ path, method, body }: HistoryEntry): boolean {
  return method !== 'GET' && path.includes('/comments') && JSON.stringify(body).includes('queued: ');
}
