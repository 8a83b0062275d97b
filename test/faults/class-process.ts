import { fork, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { faultClasses } from './classes.ts';
import type { FaultClass, Options, Result } from './result.ts';
import type { Row } from './table.ts';

export type Wanted = Pick<Options, 'seeds' | 'quick'>;

/** What a class process says at its end. */
interface Report {
  readonly result: Result;
  readonly cpuSeconds: number;
}

/** Longer than any class takes in a whole run, in milliseconds: what goes on then hangs, and is killed with all that it started. */
const limitMs = 20 * 60_000;

/** Class processes that live. Each leads a process group of its own, so that a terminal's ^C does not reach it. */
const running = new Set<ChildProcess>();

/** Runs a class in a process of its own, with its own stand-ins. */
export function startClass(index: number, { seeds, quick }: Wanted): Promise<Row> {
  const fault = classAt(index);
  const startedAt = performance.now();
  const args = ['--run', String(index), '--seeds', String(seeds), ...(quick ? ['--quick'] : [])];
  const child = fork(join(import.meta.dirname, 'main.ts'), args, { execArgv: [], detached: true });
  running.add(child);
  const state: { report?: Report; isLate?: boolean } = {};
  const timer = setTimeout(() => {
    state.isLate = true;
    killGroup(child);
  }, limitMs);
  child.on('message', (message) => {
    state.report = message as Report; // runOne's
  });
  return new Promise((resolve) => {
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      killGroup(child); // what it left behind, if anything
      running.delete(child);
      const { report, isLate } = state;
      const how = isLate === true ? `it was killed after ${limitMs / 60_000} minutes` : String(signal ?? code);
      resolve({
        fault,
        result: report?.result,
        seconds: (performance.now() - startedAt) / 1000,
        cpuSeconds: report?.cpuSeconds ?? 0,
        ...(report === undefined && { reason: `the class itself ended without a result (${how})` }),
      });
    });
  });
}

/** Ends all class processes and what they started. */
export function killClasses(): void {
  for (const child of running) killGroup(child);
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // nothing of it is left
  }
}

/** In the class process: runs the class, reports, and ends. */
export async function runOne(index: number, wanted: Wanted, print: (line: string) => void): Promise<void> {
  const fault = classAt(index);
  // The runner died: whatever runs here ends too.
  process.once('disconnect', () => process.kill(-process.pid, 'SIGKILL'));
  const startedAt = performance.now();
  const tell = (line: string) => {
    print(`${((performance.now() - startedAt) / 1000).toFixed(0).padStart(4)} s  ${fault.title}: ${line}`);
  };
  const result = await fault.run({ ...wanted, tell });
  process.send?.({ result, cpuSeconds: await cpuSeconds() } satisfies Report, () => process.exit(0));
}

function classAt(index: number): FaultClass {
  const fault = faultClasses[index];
  if (fault === undefined) throw new Error(`there is no class ${index}`);
  return fault;
}

/** Of this process and of all that it started and saw end (proc(5), fields 14 to 17, in hundredths of a second). */
async function cpuSeconds(): Promise<number> {
  const fields = (await readFile('/proc/self/stat', 'utf8')).split(') ')[1]?.split(' ').slice(11, 15) ?? [];
  return fields.reduce((sum, field) => sum + Number(field) / 100, 0);
}
