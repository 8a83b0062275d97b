import { diffFiles } from './diffs.ts';
import { gitText } from './git.ts';
import { mergeBase } from './shapes/pulls.ts';
import type { DiffPlace, Pull, Repo } from './world.ts';

/** Lines as whoever comments on them names them. */
export type Lines = Pick<DiffPlace, 'path' | 'side' | 'line' | 'startLine'>;

/** Finds lines in what a pull request changes now. `path` or `line` says which of them is not in it. */
export async function findPlace(repo: Repo, pull: Pull, lines: Lines): Promise<DiffPlace | 'path' | 'line'> {
  const files = await diffFiles(repo.gitDir, await mergeBase(repo, pull), pull.headSha);
  const patch = files.find(({ path }) => path === lines.path)?.patch;
  if (patch === undefined) return 'path';
  const shown = readPatch(patch);
  const at = shown.findIndex((row) => row[lines.side] === lines.line);
  const start = lines.startLine === undefined ? at : shown.findIndex((row) => row[lines.side] === lines.startLine);
  if (at < 0 || start < 0 || start > at) return 'line';
  const head = shown.slice(0, at).findLastIndex(({ text }) => text.startsWith('@@'));
  const hunk = shown.slice(head, at + 1).map(({ text }) => text);
  return { ...lines, commitId: pull.headSha, hunk: hunk.join('\n'), position: at };
}

/** The same lines in what the pull request changes now; undefined when they were changed since, or are not part of it any more. */
export async function placeNow(repo: Repo, pull: Pull, place: DiffPlace): Promise<DiffPlace | undefined> {
  const range = [place.commitId, pull.headSha];
  const isStill = place.commitId === pull.headSha || place.side === 'LEFT';
  const patch = isStill ? '' : await gitText(repo.gitDir, ['diff', '-U0', ...range, '--', place.path]);
  const line = follow(patch, place.line);
  const startLine = place.startLine === undefined ? undefined : follow(patch, place.startLine);
  if (line === undefined || (place.startLine !== undefined && startLine === undefined)) return undefined;
  const found = await findPlace(repo, pull, { path: place.path, side: place.side, line, startLine });
  return typeof found === 'string' ? undefined : found;
}

interface Row {
  readonly text: string;
  /** The line's number before and after; undefined where it is not. */
  readonly LEFT: number | undefined;
  readonly RIGHT: number | undefined;
}

const hunkHead = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/u;

function readPatch(patch: string): Row[] {
  let [left, right] = [0, 0];
  return patch.split('\n').map((text) => {
    const head = hunkHead.exec(text);
    if (head) [left, right] = [Number(head[1]), Number(head[3])];
    const isLine = !head && !text.startsWith('\\');
    return {
      text,
      LEFT: isLine && !text.startsWith('+') ? left++ : undefined,
      RIGHT: isLine && !text.startsWith('-') ? right++ : undefined,
    };
  });
}

/** Where a line is after a change that is given without context; undefined when it was changed itself. */
function follow(patch: string, line: number): number | undefined {
  let moved = 0;
  for (const text of patch.split('\n')) {
    const [head, from, count = '1', , added = '1'] = hunkHead.exec(text) ?? [];
    if (head === undefined) continue;
    const [start, removed] = [Number(from), Number(count)];
    if (removed > 0 && line >= start && line < start + removed) return undefined;
    if (line > start) moved += Number(added) - removed;
  }
  return line + moved;
}
