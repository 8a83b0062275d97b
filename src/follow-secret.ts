import { readFileSync, statSync, type BigIntStats } from 'node:fs';
import type { z } from 'zod';
import type { SecretFile } from './secrets.ts';

/** Hears, in one line that names the variable and never the secret, what is wrong with a file that was changed. */
export type Warn = (problem: string) => void;

/** A file that was written within this time of being looked at, in nanoseconds, may have been written again in the same tick of its clock. */
const unsettledNs = 2_000_000_000n;

/** No secret is larger, in bytes. */
const mostBytes = 65_536n;

/**
 * Follows a secret that stands in a file: each call gives its value of now, at the cost of one `stat` as long as the file stays as it
 * is. What is wrong with a changed file is told once, and the last good value stays. Without a file, and with one that can be read
 * only once (a pipe), the first value is the only one. Never throws.
 */
export function followSecret<T>(file: SecretFile | undefined, first: T, shape: z.ZodType<T>): (warn?: Warn) => T {
  if (file === undefined) return () => first;
  let value = first;
  let seen: string | undefined;
  let told: string | undefined;
  return (warn = () => undefined) => {
    const look = lookAt(file.path);
    if (look.print === seen) return value;
    seen = look.isSettled ? look.print : undefined;
    const reading = read(file.path, look, shape);
    if ('value' in reading) ({ value } = reading);
    const problem = 'problem' in reading ? reading.problem : undefined;
    if (problem !== undefined && problem !== told) warn(`${file.variable}: ${file.path} ${problem}`);
    told = problem;
    return value;
  };
}

interface Look {
  /** Differs when the file does. */
  readonly print: string;
  /** Whether the same print still means the same file later. */
  readonly isSettled: boolean;
  /** Undefined when there is no file. */
  readonly stat?: BigIntStats;
}

function lookAt(path: string): Look {
  try {
    const stat = statSync(path, { bigint: true });
    const print = [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join('/');
    return { print, stat, isSettled: BigInt(Date.now()) * 1_000_000n - stat.ctimeNs > unsettledNs };
  } catch (error) {
    return { print: reasonOf(error), isSettled: true };
  }
}

/** The value in the file, what is wrong with it, or neither where there is nothing to read any more. */
function read<T>(
  path: string,
  { stat, print }: Look,
  shape: z.ZodType<T>,
): { value: T } | { problem: string } | object {
  if (stat === undefined) return { problem: `cannot be read (${print})` };
  if (stat.isFIFO() || stat.isSocket() || stat.isCharacterDevice()) return {};
  if (stat.size > mostBytes) return { problem: 'is too large for a secret' };
  try {
    const { data, error } = shape.safeParse(readFileSync(path, 'utf8').trim());
    return error ? { problem: error.issues.map(({ message }) => message).join('; ') } : { value: data };
  } catch (error) {
    return { problem: `cannot be read (${reasonOf(error)})` };
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
}
