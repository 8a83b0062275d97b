import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { RepositoryHandle } from '../stand-ins/github/index.ts';
import type { ModelRequest } from '../stand-ins/model/index.ts';
import { repositoryOf } from './cheap.ts';

/** A wish that was put to the app, and what was done to the job meanwhile. */
export interface Wish {
  readonly repository: RepositoryHandle;
  readonly issue: number;
  /** Points at which its process was killed, with the seed. */
  readonly kills: readonly string[];
  /** Model turns that a kill made the app ask for again. */
  readonly repeats: number;
}

export interface Verdict {
  readonly lost: readonly string[];
  readonly duplicated: readonly string[];
  readonly others: readonly string[];
}

const bot = 'backend-developer[bot]';

/** What became of a wish that should have ended in a pull request, as anybody sees it on GitHub. */
export async function judgeWish(wish: Wish): Promise<Verdict> {
  const { repository, issue } = wish;
  const about = `${repository.name}#${issue} (killed at ${wish.kills.join('; ') || 'no point'})`;
  const comments = repository.comments(issue).filter(({ author }) => author === bot);
  const branches = (await repository.branches()).filter(({ name }) => name.startsWith(`backend/${issue}-`));
  const pulls = repository.pulls().filter(({ head }) => head.startsWith(`backend/${issue}-`));
  const head = pulls[0]?.headSha ?? '';
  const reactions = repository.reactions(issue).filter(({ user }) => user === bot);
  const counts: readonly (readonly [string, number])[] = [
    ['comments of ours', comments.length],
    ['branches', branches.length],
    ['pull requests', pulls.length],
    ['check runs', repository.checkRuns(head).length],
    ['commits on the branch', head === '' ? 0 : (await repository.commits(`main..${head}`)).length],
    ['eyes', reactions.filter(({ content }) => content === 'eyes').length],
    ['rocket', reactions.filter(({ content }) => content === 'rocket').length],
  ];
  const isPublished = comments.some(({ body }) => body.includes(`pull request #${String(pulls[0]?.number)}`));
  const last = comments.at(-1)?.body.split('\n')[1] ?? 'no comment';
  const missing = counts.filter(([, count]) => count === 0).map(([what]) => what);
  return {
    lost: isPublished && missing.length === 0 ? [] : [`${about} has no ${missing.join(', no ') || 'end'}: ${last}`],
    duplicated: counts.filter(([, count]) => count > 1).map(([what, count]) => `${about} has ${count} ${what}`),
    others: [],
  };
}

/** Turns that were paid for twice although the first answer had been recorded. A job takes two. */
export function judgeTurns(wishes: readonly Wish[], requests: readonly ModelRequest[]): readonly string[] {
  const names = new Set(wishes.map(({ repository }) => repository.name));
  return [...names].flatMap((name) => {
    const here = wishes.filter(({ repository }) => repository.name === name);
    const asked = requests.filter((request) => repositoryOf(request) === name).length;
    const most = here.reduce((sum, { repeats }) => sum + 2 + repeats, 0);
    const kills = here.flatMap((wish) => wish.kills).join('; ');
    return asked <= most ? [] : [`${name} asked the model ${asked} times, ${most} are explained (${kills})`];
  });
}

/** Processes and job folders that are left when every job has ended and every app process is gone. */
export async function findLeftovers(dataDir: string): Promise<readonly string[]> {
  const folders = await readdir(join(dataDir, 'jobs')).catch(() => []);
  const processes = await findProcesses(basename(join(dataDir, '..')));
  return [
    ...folders.map((folder) => `the job folder ${folder} is left`),
    ...processes.map(({ pid, command }) => `process ${pid} is left: ${command}`),
  ];
}

/** By what it was started with, where it works and what is mounted in it: a box shows the job's folder only there. */
async function findProcesses(name: string): Promise<readonly { pid: string; command: string }[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry) && entry !== String(process.pid));
  const found = pids.map(async (pid) => {
    const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
    const command = (await read('cmdline')).replaceAll('\0', ' ').trim();
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    const isOurs = [command, cwd, await read('mountinfo')].some((text) => text.includes(name));
    return isOurs && !/postgres/.test(command) ? [{ pid, command: command.slice(0, 120) }] : [];
  });
  return (await Promise.all(found)).flat();
}
