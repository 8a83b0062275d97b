import { setTimeout as sleep } from 'node:timers/promises';
import { cutConnection } from '../stand-ins/intercept.ts';
import type { GitHubStandIn, HistoryEntry } from '../stand-ins/github/index.ts';
import type { ModelRequest, Reply } from '../stand-ins/model/index.ts';
import { actOf, cheapReply, halfReply, repositoryOf } from './cheap.ts';
import { claiming, type KillPoint } from './kill-points.ts';
import type { DeliveryGate } from './relay.ts';
import type { InnerHold } from './wire.ts';

/** A job's next stop. */
export interface Hold {
  /** Name of the job's repository: one job is under way in each. */
  readonly repository: string;
  readonly repositoryId: number;
  readonly point: KillPoint;
  /** How long after the death a call that is under way has its effect, in milliseconds. */
  readonly lateMs: number;
}

/** What is held where, over all doors. One set of holds lasts from one kill to the next. */
export interface Holds {
  /** Adds what is to be held; what the processes have to know is returned. */
  arm(holds: readonly Hold[]): readonly InnerHold[];
  /**
   * Resolves when all of them are held, or when none has been added for so many milliseconds; with those that are not. Nobody waits for
   * what is hopeless.
   */
  reached(which: readonly Hold[], patienceMs: number, isHopeless: (hold: Hold) => boolean): Promise<readonly Hold[]>;
  /** An app process says so. */
  note(repository: string, point: string): void;
  /** The processes of the oldest holds are dead: calls that are held there are dropped, or have their effect now. */
  release(): void;
  readonly gate: DeliveryGate;
  answer(request: ModelRequest): Reply;
  watch(github: GitHubStandIn): void;
}

interface Armed {
  readonly hold: Hold;
  isReached: boolean;
}

/** The holds from one kill to the next. The next ones are armed before the kill, for the process that is to take over. */
interface Generation {
  readonly entries: readonly Armed[];
  released: PromiseWithResolvers<void>;
}

export function createHolds(): Holds {
  let generations: readonly Generation[] = [];

  function find(matches: (hold: Hold) => boolean): { entry: Armed; released: Promise<void> } | undefined {
    for (const { entries, released } of generations) {
      const entry = entries.find(({ hold }) => matches(hold));
      if (entry !== undefined) return { entry, released: released.promise };
    }
    return undefined;
  }

  async function intercept(call: HistoryEntry, phase: 'before' | 'after'): Promise<void> {
    const found = find((hold) => isOf(call, hold) && isAt(call, phase, hold.point));
    if (found === undefined) return;
    found.entry.isReached = true;
    await found.released;
    const { point, lateMs } = found.entry.hold;
    if (point.phase !== 'during') throw cutConnection;
    await sleep(lateMs);
  }

  async function answered(body: string): Promise<boolean> {
    const { repository } = JSON.parse(body) as { repository?: { name?: string } }; // signed by the stand-in
    const found = find((hold) => hold.repository === repository?.name && hold.point.place.door === 'webhook');
    if (found === undefined) return true;
    found.entry.isReached = true;
    await found.released;
    return false;
  }

  function answer(request: ModelRequest): Reply {
    const [repository, act] = [repositoryOf(request), actOf(request)];
    const found = find(
      ({ repository: name, point: { place } }) => name === repository && place.door === 'model' && place.act === act,
    );
    if (found === undefined) return cheapReply(request);
    found.entry.isReached = true;
    return found.entry.hold.point.phase === 'before' ? { type: 'hang' } : halfReply(request);
  }

  return {
    gate: { arrived: () => undefined, answered },
    arm: (holds) => {
      const entries = holds.map((hold) => ({ hold, isReached: false }));
      generations = [...generations, { entries, released: Promise.withResolvers() }];
      return holds.flatMap(toInner);
    },
    note: (repository, id) => {
      const found = find((hold) => hold.repository === repository && hold.point.id === id);
      if (found !== undefined) found.entry.isReached = true;
    },
    reached: async (which, patienceMs, isHopeless) => {
      let missing = which;
      let until = Date.now() + patienceMs;
      while (!missing.every(isHopeless) && Date.now() < until) {
        await sleep(20);
        const still = missing.filter((hold) => find((each) => each === hold)?.entry.isReached !== true);
        if (still.length < missing.length) until = Date.now() + patienceMs;
        missing = still;
      }
      return missing;
    },
    release: () => {
      const [dead, ...next] = generations;
      dead?.released.resolve();
      // A process that died had come further than it was meant to: its successor is held there again.
      for (const generation of next) {
        generation.released = Promise.withResolvers();
        for (const entry of generation.entries) entry.isReached = false;
      }
      generations = next;
    },
    answer,
    watch: (github) => {
      github.intercept(intercept);
    },
  };
}

function toInner({ repository, point }: Hold): readonly InnerHold[] {
  const { place, phase, id } = point;
  // The job of a delivery whose answer is held begins by itself; it is kept from it, or it would be past its next point.
  if (place.door === 'webhook') return [{ repository, point: `${id}: its job`, place: claiming, phase: 'before' }];
  if (place.door !== 'database' && place.door !== 'disk') return [];
  return [{ repository, point: id, place, phase: phase === 'after' ? 'after' : 'before' }];
}

/** By name in the path, or, when a token is asked for, by id in the body. */
function isOf({ path, body }: HistoryEntry, { repository, repositoryId }: Hold): boolean {
  if (path.split('/').some((part) => part === repository || part === `${repository}.git`)) return true;
  const ids = (body as { repository_ids?: unknown } | undefined)?.repository_ids;
  return Array.isArray(ids) && ids.includes(repositoryId);
}

/** A call whose effect comes late is held before it, one whose answer is lost after it. */
function isAt({ method, path, body }: HistoryEntry, phase: 'before' | 'after', point: KillPoint): boolean {
  const { place } = point;
  if (place.door !== 'github' || (point.phase === 'after' ? 'after' : 'before') !== phase) return false;
  if (!new RegExp(place.call).test(`${method} ${path}`)) return false;
  return place.body === undefined || new RegExp(place.body).test(JSON.stringify(body ?? null));
}
