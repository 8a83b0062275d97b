import { setTimeout as sleep } from 'node:timers/promises';
import type { ChronicleEntry, RepositoryHandle } from '../stand-ins/github/index.ts';
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

/**
 * A thousand issues are labelled at once, most of them empty and declined; another repository's only issue comes last. That people who
 * wait are shown their place is for `queue.ts` to prove: the rounds of half a minute in which they are cannot be compressed.
 */
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
  if (other === undefined) throw new Error('no other repository was made');
  const labelledMs = Date.now() - labelledAt;
  const answered = () =>
    herd.issues().filter(({ isPull, number }) => !isPull && herd.comments(number).length > 0).length;
  const last = { repository: herd, issue: size, kills: [], repeats: 0 };
  const until = Date.now() + 600_000;
  while ((answered() < size || !isOver(last)) && Date.now() < until) await sleep(200);
  await yard.ended(120_000);
  const waited = waitOf(other.repository, world.github.chronicle);
  const counts = {
    answered: answered(),
    refused: world.github.deliveries.filter(({ state }) => state === 'failed').length,
    limits: world.github.limitAnswers.length,
    before: waited.herdJobs,
  };
  const said = `${size} issues labelled within ${labelledMs} ms, ${counts.answered} answered after ${Math.round((Date.now() - labelledAt) / 1000)} s; the other repository's issue was begun after ${Math.round(waited.ms)} ms and ${waited.herdJobs} herd jobs; ${counts.limits} limit answers`;
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

/** From when the other repository's delivery was answered to its first sign of life. */
function waitOf(
  { id, name }: RepositoryHandle,
  chronicle: readonly ChronicleEntry[],
): { readonly herdJobs: number; readonly ms: number } {
  const isCall = (entry: ChronicleEntry, path: RegExp) =>
    entry.type === 'call' && entry.method === 'POST' && entry.changes.length > 0 && path.test(entry.path);
  const begun = chronicle.findIndex((entry) => isCall(entry, new RegExp(`/${name}/.*/reactions$`)));
  const asked = chronicle.findIndex((entry) => entry.type === 'delivery' && entry.repository === id);
  const between = chronicle.slice(asked, begun);
  const ms = (chronicle[begun]?.at ?? Infinity) - (chronicle[asked]?.at ?? 0);
  return { herdJobs: between.filter((entry) => isCall(entry, /\/herd\/.*\/comments$/)).length, ms };
}

interface Counts {
  readonly answered: number;
  readonly refused: number;
  readonly limits: number;
  readonly before: number;
}

function complaints({ answered, refused, limits, before }: Counts, size: number): readonly string[] {
  const all: readonly (readonly [boolean, string])[] = [
    [refused > 0, `${refused} deliveries were refused`],
    [answered < size, `${size - answered} issues of the herd were not answered`],
    [before > fairShare, `${before} herd jobs went before another repository's first`],
    [limits > 0, `${limits} answers were GitHub's limits, caused by us`],
  ];
  return all.flatMap(([isSo, sentence]) => (isSo ? [sentence] : []));
}
