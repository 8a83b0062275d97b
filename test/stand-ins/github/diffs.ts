import { git, gitText } from './git.ts';
import { repoPage, repoUrl } from './shapes/repositories.ts';
import type { Repo, World } from './world.ts';

export interface FileChange {
  readonly status: 'added' | 'removed' | 'modified' | 'renamed';
  readonly path: string;
  readonly previousPath: string | undefined;
  /** Blob after the change, before it for a removed file. */
  readonly sha: string;
  readonly additions: number;
  readonly deletions: number;
  /** undefined for a binary file. */
  readonly patch: string | undefined;
}

export type CountedFile = Omit<FileChange, 'patch'>;

const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
const statuses = { A: 'added', D: 'removed', M: 'modified', T: 'modified', R: 'renamed' } as const;

/** What differs between two commits; `from` undefined means everything is new. */
export async function diffFiles(gitDir: string, from: string | undefined, to: string): Promise<FileChange[]> {
  const files = await countFiles(gitDir, from, to);
  const range = [from ?? emptyTree, to];
  return Promise.all(files.map(async (file) => ({ ...file, patch: await patchOf(gitDir, range, file) })));
}

/** The same without the patches, which cost a program each. */
export async function countFiles(gitDir: string, from: string | undefined, to: string): Promise<CountedFile[]> {
  const range = [from ?? emptyTree, to];
  const raw = await git(gitDir, ['diff-tree', '-r', '-z', '-M', '--raw', '--numstat', '--no-abbrev', ...range]);
  const { rows, rest } = readRaw(raw.out.toString());
  const counts = readCounts(rest);
  return rows.map((row) => {
    const [additions, deletions] = counts.get(row.path) ?? [0, 0];
    return { ...row, additions, deletions };
  });
}

export async function diffText(gitDir: string, from: string, to: string): Promise<string> {
  return `${await gitText(gitDir, ['diff', '-M', from, to])}\n`;
}

export function fileShape(world: World, repo: Repo, at: { file: FileChange; ref: string }): Record<string, unknown> {
  const { file, ref } = at;
  const path = file.path.split('/').map(encodeURIComponent).join('/');
  return {
    sha: file.sha,
    filename: file.path,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: `${repoPage(world, repo)}/blob/${ref}/${path}`,
    raw_url: `${repoPage(world, repo)}/raw/${ref}/${path}`,
    contents_url: `${repoUrl(world, repo)}/contents/${path}?ref=${ref}`,
    ...(file.patch === undefined ? {} : { patch: file.patch }),
    ...(file.previousPath === undefined ? {} : { previous_filename: file.previousPath }),
  };
}

type Row = Pick<FileChange, 'status' | 'path' | 'previousPath' | 'sha'>;

/** `:mode mode sha sha S<NUL>path<NUL>` and one more path for a rename; what follows the last of them is `rest`. */
function readRaw(text: string): { rows: Row[]; rest: string[] } {
  const parts = text.split('\0');
  const rows: Row[] = [];
  while (parts[0]?.startsWith(':') === true) {
    const [, , before = '', after = '', kind = 'M'] = take(parts).split(' ');
    const status = statuses[kind.charAt(0) as keyof typeof statuses];
    const first = take(parts);
    const renamed = status === 'renamed';
    rows.push({
      status,
      path: renamed ? take(parts) : first,
      previousPath: renamed ? first : undefined,
      sha: status === 'removed' ? before : after,
    });
  }
  return { rows, rest: parts };
}

/** `added<TAB>deleted<TAB>path<NUL>`; a rename has an empty path and then both paths. A binary file has dashes. */
function readCounts(parts: string[]): Map<string, [number, number]> {
  const counts = new Map<string, [number, number]>();
  while (parts[0] !== undefined && parts[0] !== '') {
    const [added, deleted, path = ''] = take(parts).split('\t');
    const name = path === '' ? [take(parts), take(parts)][1] : path;
    counts.set(name ?? '', [Number(added) || 0, Number(deleted) || 0]);
  }
  return counts;
}

function take(parts: string[]): string {
  return parts.shift() ?? '';
}

/** The hunks alone, as GitHub gives them. */
async function patchOf(gitDir: string, range: readonly string[], row: Row): Promise<string | undefined> {
  const paths = row.previousPath === undefined ? [row.path] : [row.previousPath, row.path];
  const text = await gitText(gitDir, ['--literal-pathspecs', 'diff', '-M', ...range, '--', ...paths]);
  const start = text.indexOf('\n@@');
  return start < 0 ? undefined : text.slice(start + 1);
}
