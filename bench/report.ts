import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';

const page = join(import.meta.dirname, '../docs/performance.md');
const begin = '<!-- bench: begin -->';
const end = '<!-- bench: end -->';

/** When, of which commit and where: one line. The load says how busy others kept the machine. */
export function describeMachine(): string {
  const date = new Date().toISOString().slice(0, 16).replace('T', ' ');
  const memory = Math.round(totalmem() / 2 ** 30);
  const load = loadavg().map((each) => each.toFixed(1));
  const processors = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}`;
  return `${date} UTC, commit ${readCommit()}, Node ${process.versions.node}, ${processors}, ${memory} GB, load ${load.join(' ')}`;
}

function readCommit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim();
  const isChanged = git('status', '--porcelain', '--', '..') !== '';
  return `${git('rev-parse', '--short', 'HEAD')}${isChanged ? ' with changes' : ''}`;
}

/** Puts the measured section into docs/performance.md; the rest of the page stays as it is. */
export async function save(section: string): Promise<void> {
  const text = await readFile(page, 'utf8');
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from === -1 || to === -1) throw new Error(`${page} needs the lines ${begin} and ${end}.`);
  await writeFile(page, `${text.slice(0, from + begin.length)}\n\n${section}\n\n${text.slice(to)}`);
}
