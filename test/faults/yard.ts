import { setTimeout as sleep } from 'node:timers/promises';
import { checkChronicle, renderViolations, type Expectations } from './checker.ts';
import { titleFor } from './cheap.ts';
import { findLeftovers, judgeWish, type Wish } from './judge.ts';
import type { Result } from './result.ts';
import type { World } from './world.ts';

/** Plain jobs of a world, one repository each: asked for, awaited, judged. */
export interface Yard {
  readonly wishes: readonly Wish[];
  /** Opens so many repositories and labels an issue in each. */
  ask(count: number): Promise<readonly Wish[]>;
  /** Resolves when all of them have ended, or when none has for so many milliseconds. */
  ended(patienceMs: number): Promise<void>;
  /** What GitHub shows in the end. Processes must be gone by then. */
  judge(found: Partial<Result>, expectations?: Expectations): Promise<Result>;
}

export function openYard(world: World): Yard {
  const wishes: Wish[] = [];
  return {
    wishes,
    ask: async (count) => {
      const fresh: Wish[] = [];
      for (let index = 0; index < count; index += 1) {
        const repository = await world.createRepository(`yard-${wishes.length + 1}`);
        const issue = { title: titleFor(repository.name), body: 'Add it.', by: 'ada', labels: ['backend'] };
        const { number } = await world.github.openIssue(repository, issue);
        const wish = { repository, issue: number, kills: [], repeats: 0 };
        fresh.push(wish);
        wishes.push(wish);
      }
      return fresh;
    },
    ended: (patienceMs) => untilOver(world, wishes, patienceMs),
    judge: (found, expectations) => judgeWorld(world, wishes, { found, expectations }),
  };
}

/** The status comment has its last state. */
export function isOver({ repository, issue }: Wish): boolean {
  return repository.comments(issue).some(({ body }) => /\*\*: (?!working|queued|parked|paused)/.test(body));
}

/**
 * Resolves when all wishes have ended and no job is under way, or when nothing has ended for so many milliseconds; a machine may be slow, a
 * lost job is for ever.
 */
export async function untilOver(world: World, wishes: readonly Wish[], patienceMs: number): Promise<void> {
  const count = () => wishes.filter((wish) => !isOver(wish)).length + world.underWay.size;
  let open = count();
  let until = Date.now() + patienceMs;
  while (open > 0 && Date.now() < until) {
    await sleep(50);
    const still = count();
    if (still < open) until = Date.now() + patienceMs;
    open = still;
  }
  await world.github.settled();
}

/** Judges by what GitHub shows now, by its whole history, and by what is left on this machine. */
export async function judgeWorld(
  world: World,
  wishes: readonly Wish[],
  { found, expectations }: { found: Partial<Result>; expectations?: Expectations | undefined },
): Promise<Result> {
  const verdicts = await Promise.all(wishes.map(judgeWish));
  const lost = verdicts.flatMap((verdict) => verdict.lost);
  const duplicated = verdicts.flatMap((verdict) => verdict.duplicated);
  const history = checkChronicle(world.github.chronicle, expectations);
  const violations = [
    ...(found.violations ?? []),
    ...lost,
    ...duplicated,
    ...history.map((violation) => renderViolations([violation])),
    ...world.github.violations,
    ...(await findLeftovers(world.dataDir)),
  ];
  return {
    injected: found.injected ?? 0,
    lost: lost.length + (found.lost ?? 0),
    duplicated: duplicated.length + (found.duplicated ?? 0),
    violations,
    resumes: found.resumes ?? [],
    notes: found.notes ?? [],
  };
}
