import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { personOf, writeCommit } from './commits.ts';
import { git, gitText, writeBlob } from './git.ts';
import { installPushRules } from './git-http.ts';
import { ensureLabel } from './issue-changes.ts';
import { ensureUser } from './world.ts';
import type { Installation, Repo, Role, User, World } from './world.ts';

/** A file's text or bytes, or both bytes and git's mode. */
export type FileContent = string | Uint8Array | { readonly mode: string; readonly content: string | Uint8Array };

export interface NewRepository {
  /** An account nobody has added yet becomes an organization. */
  readonly owner: string;
  readonly name: string;
  /** A folder whose files become the first commit; with a `.git` folder in it, its branches come along. */
  readonly from?: string;
  readonly files?: Readonly<Record<string, FileContent>>;
  readonly defaultBranch?: string;
  readonly archived?: boolean;
  readonly isPrivate?: boolean;
  readonly collaborators?: Readonly<Record<string, Role>>;
  /** No commit at all. */
  readonly empty?: boolean;
}

const firstLabels = [
  ['bug', 'd73a4a', "Something isn't working"],
  ['documentation', '0075ca', 'Improvements or additions to documentation'],
  ['duplicate', 'cfd3d7', 'This issue or pull request already exists'],
  ['enhancement', 'a2eeef', 'New feature or request'],
  ['good first issue', '7057ff', 'Good for newcomers'],
  ['help wanted', '008672', 'Extra attention is needed'],
  ['invalid', 'e4e669', "This doesn't seem right"],
  ['question', 'd876e3', 'Further information is requested'],
  ['wontfix', 'ffffff', 'This will not be worked on'],
] as const;

/** Makes a repository that the App is installed on. */
export async function createRepository(world: World, wanted: NewRepository): Promise<Repo> {
  const owner = ensureUser(world, wanted.owner, 'Organization');
  ensureInstallation(world, owner);
  const id = world.nextId();
  const gitDir = join(world.root, `${id}.git`);
  const defaultBranch = wanted.defaultBranch ?? 'main';
  await mkdir(gitDir, { recursive: true });
  await git(gitDir, ['init', '--quiet', '--bare', '--template=', `--initial-branch=${defaultBranch}`]);
  await mkdir(join(gitDir, 'hooks'), { recursive: true });
  await installPushRules(gitDir);
  const people = Object.entries(wanted.collaborators ?? {});
  const repo: Repo = {
    id,
    owner,
    name: wanted.name,
    gitDir,
    isPrivate: wanted.isPrivate ?? false,
    archived: wanted.archived ?? false,
    defaultBranch,
    createdAt: world.now(),
    updatedAt: world.now(),
    pushedAt: world.now(),
    collaborators: new Map(people.map(([login, role]) => [ensureUser(world, login).id, role])),
    labels: new Map(),
    issues: new Map(),
    comments: new Map(),
    reviewComments: new Map(),
    resolved: new Map(),
    checkRuns: new Map(),
    checkSuites: new Map(),
    gone: new Map(),
    refLog: [],
    refsFree: Promise.resolve(),
  };
  for (const [name, color, description] of firstLabels) {
    ensureLabel(world, repo, name, { color, description, isDefault: true });
  }
  if (wanted.empty !== true) await fill(world, repo, wanted);
  world.repos.set(id, repo);
  return repo;
}

export function ensureInstallation(world: World, account: User): Installation {
  const known = [...world.installations.values()].find((installation) => installation.account === account);
  if (known !== undefined) return known;
  const installation: Installation = {
    id: world.nextId(),
    account,
    permissions: world.app.permissions,
    createdAt: world.now(),
    suspendedAt: undefined,
    suspendedBy: undefined,
    removed: new Set(),
  };
  world.installations.set(installation.id, installation);
  return installation;
}

async function fill(world: World, repo: Repo, wanted: NewRepository): Promise<void> {
  if (wanted.from !== undefined && existsSync(join(wanted.from, '.git'))) {
    await git(repo.gitDir, ['fetch', '--quiet', wanted.from, '+refs/heads/*:refs/heads/*']);
    return;
  }
  const author = personOf(repo.owner, world.now());
  const tree = await firstTree(repo, wanted);
  const commit = { tree, parents: [], message: 'Initial commit\n', author, committer: author, sign: false };
  const sha = await writeCommit(repo.gitDir, commit);
  await git(repo.gitDir, ['update-ref', `refs/heads/${repo.defaultBranch}`, sha]);
}

async function firstTree(repo: Repo, wanted: NewRepository): Promise<string> {
  const env = { GIT_INDEX_FILE: join(repo.gitDir, 'index-first') };
  if (wanted.from !== undefined) {
    await git(repo.gitDir, [`--work-tree=${wanted.from}`, `--git-dir=${repo.gitDir}`, 'add', '--all', '.'], {
      env,
      cwd: wanted.from,
    });
  }
  const otherwise = wanted.from === undefined ? { 'README.md': `# ${repo.name}\n` } : {};
  await stageFiles(repo.gitDir, wanted.files ?? otherwise, env);
  return gitText(repo.gitDir, ['write-tree'], { env });
}

/** Its content is the commit in another repository. */
const submodule = '160000';

/** Puts files into an index; null takes one away. */
export async function stageFiles(
  gitDir: string,
  files: Readonly<Record<string, FileContent | null>>,
  env: Record<string, string>,
): Promise<void> {
  const lines: string[] = [];
  for (const [path, file] of Object.entries(files)) {
    if (file === null) {
      lines.push(`0 ${'0'.repeat(40)}\t${path}\0`);
      continue;
    }
    const [mode, content] = isPlain(file) ? ['100644', file] : [file.mode, file.content];
    const input = Buffer.from(content);
    const sha = mode === submodule ? input.toString() : await writeBlob(gitDir, input);
    lines.push(`${mode} ${sha}\t${path}\0`);
  }
  await git(gitDir, ['update-index', '--replace', '-z', '--index-info'], { env, input: lines.join('') });
}

function isPlain(file: FileContent): file is string | Uint8Array {
  return typeof file === 'string' || file instanceof Uint8Array;
}
