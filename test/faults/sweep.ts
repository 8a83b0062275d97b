import { setTimeout as sleep } from 'node:timers/promises';
import type { RepositoryHandle } from '../stand-ins/github/index.ts';
import type { AppProcess } from './app-process.ts';
import { titleFor } from './cheap.ts';
import { createHolds, type Hold, type Holds } from './holds.ts';
import { judgeTurns, type Wish } from './judge.ts';
import { killPoints, type KillPoint, type Stage } from './kill-points.ts';
import { createRandom } from './random.ts';
import type { Options, Result } from './result.ts';
import { openWorld, type Kind, type World } from './world.ts';
import { isOver, judgeWorld, untilOver } from './yard.ts';

/**
 * One job goes through several kills, one per stage, so that a whole job is paid for once and not at every point. Chains, because
 * three deaths in a row without anything recorded between them are a poisoned job, and publishing records nothing in the journal.
 */
const usualChains: readonly (readonly Stage[])[] = [
  ['intake', 'seen', 'ground', 'agent', 'end'],
  ['commit', 'pull'],
  ['edit'],
];

/** A place in the sweep: it always has one job under way, killed at one stage after the other. */
interface Slot {
  readonly chain: readonly Stage[];
  /** Which of the points of a stage is this slot's, before the seed shuffles them. */
  readonly rank: number;
  /** Index of the stage it is killed in next. */
  next: number;
  job: SweptJob | undefined;
}

interface SweptJob extends Wish {
  readonly kills: string[];
  repeats: number;
  killedAt: number;
  /** When its outcome was written, in milliseconds since 1970; 0 before. */
  finishedAt: number;
  isEnded: boolean;
}

export interface SweepOptions extends Pick<Options, 'tell'> {
  readonly kind: Kind;
  readonly seeds: number;
  /** Only these points; all when not said. */
  readonly points?: readonly KillPoint[];
  readonly sandbox?: 'bubblewrap' | 'unsafe-none';
  readonly chains?: readonly (readonly Stage[])[];
  /** Each job goes through the points of its own rank; otherwise every seed deals them anew. */
  readonly inOrder?: boolean;
}

/**
 * A wave waits while jobs still come to their points so many milliseconds after another. What has not then is killed where it is. Longer than
 * a dead process's leases, shorter than what is held has patience: git gives up after a minute without a byte.
 */
const patienceMs = 25_000;
/** So many milliseconds after its outcome was written nothing of a job is under way. */
const endMs = 4_000;
/** For jobs that were killed for the last time and go on beside those that are held. */
const spareTakers = 24;
/** At the end, jobs may take so long after another. */
const drainMs = 120_000;
/** A job goes on at most so many milliseconds after its process died. */
const resumeMs = 60_000;
/** The latest that a call has its effect after its process died: below what the app waits before it repeats one that left no trace. */
const latestMs = 1_200;

/** Kills every job of a wave at its own point, all at once, as often as there are seeds; then lets them all end and judges. */
export async function sweep(options: SweepOptions): Promise<Result> {
  const holds = createHolds();
  await using world = await openWorld({
    kind: options.kind,
    script: (request) => holds.answer(request),
    gate: holds.gate,
    sandbox: options.sandbox ?? 'unsafe-none',
    // With so many jobs in one process the database may not answer in time: they come back while their wave still waits.
    timing: { retryDelays: Array.from({ length: 10 }, () => 1) },
    environment: {
      CONCURRENCY: String(createSlots(options.points ?? killPoints, options.chains).length + spareTakers),
    },
  });
  holds.watch(world.github);
  return await runWaves(world, holds, options);
}

async function runWaves(world: World, holds: Holds, options: SweepOptions): Promise<Result> {
  const { seeds, tell, kind } = options;
  const run = createRun(world, holds, options);
  let waiting = await run.plan(1);
  let app = await world.start(holds.arm(waiting));
  for (let seed = 1; seed <= seeds; seed += 1) {
    const held = await run.bring(waiting);
    const following = seed < seeds ? await run.plan(seed + 1) : [];
    tell(`${kind}, seed ${seed}: ${held} of ${waiting.length} held`);
    app = await run.kill(app, waiting, following);
    waiting = following;
  }
  await run.drain();
  const { code } = await app.stop();
  return run.judge(code);
}

function createRun(world: World, holds: Holds, { kind, points = killPoints, chains, inOrder, tell }: SweepOptions) {
  const slots = createSlots(points, chains);
  const names = [...new Set(points.map(({ stage }) => stage))];
  const jobs: SweptJob[] = [];
  const spare: RepositoryHandle[] = [];
  const resumes: number[] = [];
  const violations: string[] = [];
  const missed = new Map<string, number>();
  let made = 0;
  let injected = 0;

  world.hear = (word) => {
    if (word.type === 'held') holds.note(word.repository, word.point);
    if (word.type !== 'moved' && word.type !== 'finished') return;
    const job = jobs.find(({ repository, isEnded }) => !isEnded && repository.name === word.repository);
    if (job !== undefined && word.type === 'finished') job.finishedAt = word.at;
    if (job === undefined || job.killedAt === 0) return;
    resumes.push(word.at - job.killedAt);
    job.killedAt = 0;
  };

  async function takeRepository(): Promise<RepositoryHandle> {
    const isDone = (job: SweptJob) => !job.isEnded && isOver(job) && slots.every((slot) => slot.job !== job);
    for (const job of jobs.filter(isDone)) {
      job.isEnded = true;
      spare.push(job.repository);
    }
    const known = spare.shift();
    if (known === undefined) return await world.createRepository(`slot-${(made += 1)}`);
    // A new base commit, which nobody has fetched yet.
    await world.github.pushCommit(known, { branch: 'main', by: 'ada', files: { 'base.txt': `${(made += 1)}\n` } });
    return known;
  }

  /** What each slot is killed at in this seed. New jobs are chosen, but not asked for yet. */
  async function plan(seed: number): Promise<readonly Hold[]> {
    const random = createRandom(seed);
    const deal = (stage: Stage) =>
      inOrder === true ? pointsOf(points, stage, seed) : random.shuffled(pointsOf(points, stage, seed));
    const order = new Map(names.map((stage) => [stage, deal(stage)]));
    const planned: Hold[] = [];
    const steps = slots.map((slot) => ({ slot, stage: stepOn(slot) }));
    for (const { slot, stage } of steps) {
      const point = order.get(stage)?.[slot.rank];
      if (point === undefined) continue;
      const repository = slot.job?.repository ?? (await takeRepository());
      slot.job ??= { repository, issue: 0, kills: [], repeats: 0, killedAt: 0, finishedAt: 0, isEnded: false };
      planned.push({
        repository: repository.name,
        repositoryId: repository.id,
        point,
        lateMs: random.next() * latestMs,
      });
      slot.job.kills.push(`${point.name}, seed ${seed}`);
      if (point.repeatsTurn === true) slot.job.repeats += 1;
    }
    return random.shuffled(planned);
  }

  /** It will not come to any point any more. */
  function isPast(job: SweptJob | undefined): boolean {
    return job !== undefined && job.finishedAt > 0 && Date.now() - job.finishedAt > endMs;
  }

  return { plan, bring, kill, drain, judge };

  /** Asks for the new jobs, the latest stages first because they take longest, and waits until everything is held; resolves with how many are. */
  async function bring(planned: readonly Hold[]): Promise<number> {
    const before = injected;
    const rank = ({ point }: Hold) => (point.last === true ? -1 : names.indexOf(point.stage));
    const latestFirst = [...planned].sort((one, other) => rank(other) - rank(one));
    const early = latestFirst.filter(({ point }) => point.last !== true);
    for (const hold of early) await ask(hold);
    // A process that is flooded right at its start refuses deliveries that it can't keep in time.
    const again = setInterval(redeliver, 1_000);
    note(await holds.reached(early, patienceMs, isHopeless));
    clearInterval(again);
    await letEnd(planned);
    // The one that keeps the database to itself comes last.
    const isDatabase = ({ point }: Hold) => Number(point.place.door === 'database');
    const late = latestFirst.filter(({ point }) => point.last === true);
    for (const hold of late.sort((one, other) => isDatabase(one) - isDatabase(other))) {
      await ask(hold);
      note(await holds.reached([hold], 10_000, isHopeless));
    }
    injected += planned.length;
    return injected - before;
  }

  function isHopeless({ repository: name }: Hold): boolean {
    return isPast(jobs.find(({ repository, isEnded }) => !isEnded && repository.name === name));
  }

  /** Jobs that went through all their kills: a process that dies over them again and again would, rightly, give them up. */
  async function letEnd(planned: readonly Hold[]): Promise<void> {
    const held = new Set(planned.map(({ repository }) => repository));
    const until = Date.now() + patienceMs;
    const goingOn = () => jobs.filter((job) => !job.isEnded && !held.has(job.repository.name) && !isOver(job));
    while (goingOn().length > 0 && Date.now() < until) await sleep(50);
  }

  function note(late: readonly Hold[]): void {
    for (const { point, repository } of late) {
      injected -= 1;
      const job = jobs.find((each) => !each.isEnded && each.repository.name === repository);
      if (job !== undefined) job.repeats += 1; // it dies wherever it is, perhaps in a turn
      missed.set(point.id, (missed.get(point.id) ?? 0) + 1);
      tell(`not reached: ${point.id} (${point.name}) in ${repository}`);
    }
  }

  async function ask({ repository: name }: Hold): Promise<void> {
    const slot = slots.find(({ job }) => job?.repository.name === name);
    if (slot?.job === undefined || slot.job.issue !== 0) return;
    const issue = { title: titleFor(name), body: 'Add it.', by: 'ada', labels: ['backend'] };
    const { number } = await world.github.openIssue(slot.job.repository, issue);
    slot.job = Object.assign(slot.job, { issue: number });
    jobs.push(slot.job);
  }

  async function kill(app: AppProcess, held: readonly Hold[], next: readonly Hold[]): Promise<AppProcess> {
    const names = new Set(held.map(({ repository }) => repository));
    const inner = holds.arm(next);
    // With a shared database the second worker is up before the first dies. It stops at the next seed's points.
    const heir = kind === 'PostgreSQL' ? await world.start(inner) : undefined;
    await app.kill();
    holds.release();
    const killedAt = Date.now();
    for (const job of jobs) if (names.has(job.repository.name)) job.killedAt = killedAt;
    const successor = heir ?? (await world.start(inner));
    if (kind === 'PostgreSQL') redeliver();
    return successor;
  }

  /** As a person does on GitHub's page. A process that starts looks for lost deliveries by itself, the heir has done so before. */
  function redeliver(): void {
    const latest = new Map(world.github.deliveries.map((delivery) => [delivery.guid, delivery]));
    for (const { id, state } of latest.values()) if (state === 'failed') world.github.redeliver(id);
  }

  async function drain(): Promise<void> {
    await untilOver(world, jobs, drainMs);
  }

  async function judge(exitCode: number | null): Promise<Result> {
    if (exitCode !== 0) violations.push(`the last process ended with ${String(exitCode)}`);
    violations.push(...judgeTurns(jobs, world.model.requests));
    const late = resumes.filter((ms) => ms > resumeMs).length;
    if (late > 0) violations.push(`${late} jobs went on only more than ${resumeMs / 1000} s after their process died`);
    const notes = [...missed].map(([id, times]) => `${id} was not reached ${times} times`);
    return judgeWorld(world, jobs, { found: { injected, violations, resumes, notes } });
  }
}

/** The stage that the slot's job is killed in next. After the last one, or when it has ended before its time, it has another job. */
function stepOn(slot: Slot): Stage {
  const index = slot.next % slot.chain.length;
  if (index === 0 || (slot.job !== undefined && isOver(slot.job))) slot.job = undefined;
  slot.next += 1;
  return slot.chain[index] ?? 'intake';
}

/** As many slots per stage as it has points; at the start they are spread over the stages of their chain. */
function createSlots(points: readonly KillPoint[], chains = usualChains): readonly Slot[] {
  return chains.flatMap((chain) => {
    const width = Math.max(...chain.map((stage) => pointsOf(points, stage, 1).length));
    return chain.flatMap((_, start) =>
      Array.from({ length: width }, (__, rank) => ({ chain, rank, next: start, job: undefined })),
    );
  });
}

/** Two deliveries can't both stop in the one transaction that takes them: they have turns. */
function pointsOf(points: readonly KillPoint[], stage: Stage, seed: number): readonly KillPoint[] {
  const inStage = points.filter((point) => point.stage === stage);
  const exclusive = inStage.filter(({ last, place }) => last === true && place.door === 'database');
  return inStage.filter((point) => !exclusive.includes(point) || exclusive.indexOf(point) === seed % exclusive.length);
}
