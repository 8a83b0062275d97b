import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';

export interface GitOptions {
  readonly input?: Buffer | string;
  readonly env?: Record<string, string>;
  /** Folder to run in; the repository's if not said. */
  readonly cwd?: string;
  /** Exit codes that are an answer and not a failure. */
  readonly accept?: readonly number[];
}

export interface GitAnswer {
  readonly code: number;
  readonly out: Buffer;
}

/** Answers that can't change: objects are named by their content, and nothing is ever collected here. */
const answers = new Map<string, GitAnswer>();

/** Longer ones are asked for again. */
const longestKept = 16_384;

/** Runs git in a bare repository with no one's configuration but the repository's. Rejects on an exit code that is not accepted. */
export async function git(gitDir: string, args: readonly string[], options: GitOptions = {}): Promise<GitAnswer> {
  const isLasting = options.env === undefined && options.input === undefined && asksOfObjects(args);
  const key = keyOf(gitDir, args);
  const known = isLasting ? answers.get(key) : undefined;
  if (known !== undefined) return known;
  const answer = await run(gitDir, args, options);
  if (isLasting && answer.code === 0 && answer.out.length <= longestKept) answers.set(key, answer);
  return answer;
}

function keyOf(gitDir: string, args: readonly string[]): string {
  return [gitDir, ...args].join('\0');
}

const objectCommands = new Set([
  'cat-file',
  'ls-tree',
  'merge-base',
  'rev-list',
  'rev-parse',
  'diff-tree',
  'merge-tree',
]);
const objectName =
  /^(?:\^?[0-9a-f]{40}(?:\^\{\w+\})?|[0-9a-f]{40}\.{2,3}[0-9a-f]{40}|[0-9a-f]{40}:.+|commit|blob|tree)$/u;

/** Whether everything that the answer hangs on is named by its full hash. A process for each of these is most of what a call costs. */
function asksOfObjects(args: readonly string[]): boolean {
  const [command = '', ...rest] = args.filter((arg) => arg !== '--literal-pathspecs');
  const end = rest.indexOf('--');
  const named = end < 0 ? rest : rest.slice(0, end);
  return objectCommands.has(command) && named.every((arg) => arg.startsWith('-') || objectName.test(arg));
}

async function run(gitDir: string, args: readonly string[], options: GitOptions): Promise<GitAnswer> {
  const child = spawn('git', ['-c', 'core.quotePath=false', ...args], {
    cwd: options.cwd ?? gitDir,
    env: { ...gitEnvironment(), ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const out: Buffer[] = [];
  const complaint: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => complaint.push(chunk));
  // git may end before it has read everything; its exit code says what matters.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exit) => {
      resolve(exit ?? -1);
    });
  });
  if (code !== 0 && !(options.accept ?? []).includes(code)) {
    throw new Error(`git ${args.join(' ')} ended with ${code}: ${Buffer.concat(complaint).toString()}`);
  }
  return { code, out: Buffer.concat(out) };
}

/** What git prints, without the last line's end. */
export async function gitText(gitDir: string, args: readonly string[], options: GitOptions = {}): Promise<string> {
  return (await git(gitDir, args, options)).out.toString().replace(/\n$/, '');
}

export function gitEnvironment(): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: devNull,
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C',
  };
}

/** The full sha that a name stands for, undefined when it stands for nothing. `^{tree}` and the like may be part of the name. */
export async function resolve(gitDir: string, name: string): Promise<string | undefined> {
  const [, ref] = /^(refs\/.+)\^\{commit\}$/u.exec(name) ?? [];
  const sha = ref === undefined ? undefined : (await readRefs(gitDir)).get(ref);
  if (ref !== undefined && (sha === undefined || (await objectType(gitDir, sha)) === 'commit')) return sha;
  const { code, out } = await git(gitDir, ['rev-parse', '--verify', '--quiet', '--end-of-options', name], {
    accept: [1, 128],
  });
  return code === 0 ? out.toString().trim() : undefined;
}

export async function objectType(gitDir: string, sha: string): Promise<string | undefined> {
  const { code, out } = await git(gitDir, typeQuestion(sha), { accept: [1, 128] });
  return code === 0 ? out.toString().trim() : undefined;
}

const typeQuestion = (sha: string): readonly string[] => ['cat-file', '-t', sha];

export interface Ref {
  readonly ref: string;
  readonly sha: string;
  readonly type: string;
}

/** Every ref that starts with the prefix (`refs/heads/…`), sorted by name. */
export async function listRefs(gitDir: string, prefix: string): Promise<Ref[]> {
  const names = [...(await readRefs(gitDir))].filter(([ref]) => ref.startsWith(prefix));
  const refs = await Promise.all(
    names.map(async ([ref, sha]) => ({ ref, sha, type: (await objectType(gitDir, sha)) ?? 'commit' })),
  );
  return refs.sort((a, b) => Buffer.compare(Buffer.from(a.ref), Buffer.from(b.ref)));
}

/** As git keeps them in a bare repository: a file each, and those that were packed in one. */
async function readRefs(gitDir: string): Promise<Map<string, string>> {
  const packed = await readFile(join(gitDir, 'packed-refs'), 'utf8').catch(unlessMissing);
  const refs = new Map<string, string>();
  for (const [, sha = '', ref = ''] of (packed ?? '').matchAll(/^([0-9a-f]{40}) (refs\/.+)$/gmu)) refs.set(ref, sha);
  const files = await readdir(join(gitDir, 'refs'), { recursive: true, withFileTypes: true });
  for (const file of files.filter((each) => each.isFile() && !each.name.endsWith('.lock'))) {
    const path = join(file.parentPath, file.name);
    const sha = (await readFile(path, 'utf8').catch(unlessMissing))?.trim();
    if (sha !== undefined) refs.set(path.slice(gitDir.length + 1), sha);
  }
  return refs;
}

/** A ref may go while refs are read. */
function unlessMissing(error: unknown): undefined {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}

export async function branchSha(gitDir: string, branch: string): Promise<string | undefined> {
  return resolve(gitDir, `refs/heads/${branch}^{commit}`);
}

/** Writes a blob as git would, and names it. */
export async function writeBlob(gitDir: string, bytes: Buffer | string): Promise<string> {
  const content = Buffer.from(bytes);
  const object = Buffer.concat([Buffer.from(`blob ${content.length}\0`), content]);
  const sha = createHash('sha1').update(object).digest('hex');
  const folder = join(gitDir, 'objects', sha.slice(0, 2));
  const written = join(folder, `new-${randomUUID()}`);
  await mkdir(folder, { recursive: true });
  await writeFile(written, deflateSync(object), { mode: 0o444 });
  await rename(written, join(folder, sha.slice(2)));
  answers.set(keyOf(gitDir, typeQuestion(sha)), { code: 0, out: Buffer.from('blob\n') });
  return sha;
}

/** True while no branch exists: GitHub's "Git Repository is empty." */
export async function isEmpty(gitDir: string): Promise<boolean> {
  return (await listRefs(gitDir, 'refs/heads/')).length === 0;
}

export async function isAncestor(gitDir: string, older: string, newer: string): Promise<boolean> {
  return (await git(gitDir, ['merge-base', '--is-ancestor', older, newer], { accept: [1] })).code === 0;
}
