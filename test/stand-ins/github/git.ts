import { spawn } from 'node:child_process';
import { devNull } from 'node:os';

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

/** Runs git in a bare repository with no one's configuration but the repository's. Rejects on an exit code that is not accepted. */
export async function git(gitDir: string, args: readonly string[], options: GitOptions = {}): Promise<GitAnswer> {
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
  const { code, out } = await git(gitDir, ['rev-parse', '--verify', '--quiet', '--end-of-options', name], {
    accept: [1, 128],
  });
  return code === 0 ? out.toString().trim() : undefined;
}

export async function objectType(gitDir: string, sha: string): Promise<string | undefined> {
  const { code, out } = await git(gitDir, ['cat-file', '-t', sha], { accept: [1, 128] });
  return code === 0 ? out.toString().trim() : undefined;
}

export interface Ref {
  readonly ref: string;
  readonly sha: string;
  readonly type: string;
}

/** Every ref that starts with the prefix (`refs/heads/…`), sorted by name. */
export async function listRefs(gitDir: string, prefix: string): Promise<Ref[]> {
  const text = await gitText(gitDir, ['for-each-ref', '--format=%(objectname) %(objecttype) %(refname)']);
  const refs = text.split('\n').flatMap((line) => {
    const [sha = '', type = '', ref = ''] = line.split(' ');
    return ref.startsWith(prefix) ? [{ ref, sha, type }] : [];
  });
  return refs;
}

export async function branchSha(gitDir: string, branch: string): Promise<string | undefined> {
  return resolve(gitDir, `refs/heads/${branch}^{commit}`);
}

/** True while no branch exists: GitHub's "Git Repository is empty." */
export async function isEmpty(gitDir: string): Promise<boolean> {
  return (await listRefs(gitDir, 'refs/heads/')).length === 0;
}

export async function isAncestor(gitDir: string, older: string, newer: string): Promise<boolean> {
  return (await git(gitDir, ['merge-base', '--is-ancestor', older, newer], { accept: [1] })).code === 0;
}
