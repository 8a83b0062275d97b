import type { Finding } from './doctor.ts';

/** What each of the kernel's limits does for a box as a whole, and what stands in where it is missing. */
const meanings: Readonly<Record<string, string>> = {
  'cgroup pids': 'processes (each process has a limit of its own instead)',
  'cgroup memory':
    'memory (a watch from outside ends the largest process instead, which a box may outrun for a moment)',
  'cgroup cpu': 'processors (a busy box slows the others down)',
};

/** Hears which limits a sandbox found missing when it opened its first box. */
export function openLimitsLog() {
  const missing: string[] = [];
  const info = (fields: object): void => {
    if ('missing' in fields && Array.isArray(fields.missing)) missing.push(...fields.missing.map(String));
  };
  return { missing, log: { info, debug: () => undefined } };
}

/** What was found of a sandbox whose self-test passed. */
export function describeSandbox(kind: string, missing: readonly string[]): Pick<Finding, 'verdict' | 'words'> {
  const words = `${kind} denies everything that the self-test tries`;
  if (missing.length === 0) return { verdict: 'good', words };
  const lines = missing.map((name) => `the kernel does not limit a whole box’s ${meanings[name] ?? name}`);
  const remedy =
    'hand the app a group of its own: Delegate=pids memory cpu with systemd, a writable /sys/fs/cgroup in a container (docs/operating.md, "Limits for a box as a whole")';
  return { verdict: 'warned', words: [`${words}, but`, ...lines, remedy].join('\n') };
}
