import { listRefs, objectType } from './git.ts';
import type { Ref } from './git.ts';
import { isObject } from './route.ts';
import type { Answer, RepoCall } from './route.ts';
import { notFound } from './api-error.ts';

/** When what a shape shows came to be; not sent, as JSON has no such keys. Times that are sent have lost their milliseconds. */
const bornAt = Symbol('born at');

/** The shape, with the time of birth that a lagging read goes by. */
export function born<T extends object>(time: number, shape: T): T {
  return Object.defineProperty(shape, bornAt, { value: time, enumerable: true });
}

/** A reader who lags sees neither in lists nor by itself what was made after `asOf`. Throws 404 for a single thing. */
export function asSeenAt(answer: Answer, asOf: number): Answer {
  if (answer.list !== undefined) return { ...answer, list: answer.list.filter((item) => birthOf(item) <= asOf) };
  if (birthOf(answer.body) > asOf) throw notFound();
  return answer;
}

/** The refs with this prefix as the caller sees them: as they were at `call.asOf`. */
export async function refsSeen(call: RepoCall, prefix: string): Promise<Ref[]> {
  const { repo, asOf } = call;
  const now = await listRefs(repo.gitDir, prefix);
  const young = repo.refLog.filter((move) => move.at > asOf && move.ref.startsWith(prefix));
  const then = new Map(now.map((ref) => [ref.ref, ref]));
  // Backwards from now, each young move is undone.
  for (const { ref, from } of young.reverse()) {
    if (from === null) then.delete(ref);
    else then.set(ref, { ref, sha: from, type: (await objectType(repo.gitDir, from)) ?? 'commit' });
  }
  return [...then.values()].sort((a, b) => (a.ref < b.ref ? -1 : 1));
}

function birthOf(item: unknown): number {
  if (!isObject(item)) return 0;
  const time: unknown = Object.getOwnPropertyDescriptor(item, bornAt)?.value;
  return typeof time === 'number' ? time : 0;
}
