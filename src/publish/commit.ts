import { createHash } from 'node:crypto';
import { BotError, type Account, type ChangeSet } from '../domain/index.ts';
import type { RepositoryClient, TreeItem } from '../github/index.ts';
import type { Doors } from './comments.ts';
import { plainText, plainTitle } from '../markdown/index.ts';

/** What becomes a commit on a branch of ours. */
export interface Draft {
  readonly changes: ChangeSet;
  /** The commit that the changes are a difference from. */
  readonly baseSha: string;
  /** If not `baseSha` alone. */
  readonly parents?: readonly string[];
  readonly message: string;
  /** The branch we would like; the next free suffix is taken when somebody else has it. */
  readonly branch: string;
  /** That branch of ours is advanced from the first parent, and no other name is taken. */
  readonly continues?: boolean;
}

export interface Pushed {
  readonly branch: string;
  readonly headSha: string;
}

const maxSuffix = 50;
const maxUploads = 4;

/**
 * Puts the changes on a branch as one commit that GitHub signs. A branch that we did not make is never touched:
 * one counts as ours only when its head is our recorded commit, or the very commit that we are about to make.
 * Throws `branch-moved` when somebody pushed to a branch that is to be continued.
 */
export async function ensureCommit(draft: Draft, { client, effects }: Doors): Promise<Pushed> {
  const key = digest(draft);
  const tree = await effects.ensure(`tree:${key}`, {
    look: () => Promise.resolve(undefined),
    make: () => createTree(draft, client),
  });
  const headSha = await effects.ensure(`commit:${key}`, {
    look: () => findCommit(draft, tree, client),
    make: () => client.createCommit({ message: draft.message, tree, parents: parentsOf(draft) }),
  });
  const branch = await effects.ensure(`branch:${headSha}`, {
    look: () => findBranch(draft, headSha, client),
    make: () => pushTo(draft, headSha, client),
  });
  return { branch, headSha };
}

function parentsOf({ baseSha, parents = [baseSha] }: Draft): readonly string[] {
  return parents;
}

function digest({ changes, baseSha, parents, message, continues }: Draft): string {
  const hash = createHash('sha256').update(JSON.stringify([baseSha, continues, message, ...(parents ?? [])]));
  for (const change of changes) {
    const isPut = change.type === 'put';
    hash.update(JSON.stringify([change.path, isPut ? change.mode : null, isPut ? change.bytes.byteLength : 0]));
    if (isPut) hash.update(change.bytes);
  }
  return hash.digest('hex');
}

/** Blobs and trees are named by their content: sending them again makes nothing new. */
async function createTree({ changes, baseSha }: Draft, client: RepositoryClient): Promise<string> {
  const base = await client.commitParentsAndTree(baseSha);
  return client.createTree(base.tree, await uploadAll(changes, client));
}

async function uploadAll(changes: ChangeSet, client: RepositoryClient): Promise<TreeItem[]> {
  const items: TreeItem[] = [];
  const queue = changes.entries();
  async function upload(): Promise<void> {
    for (const [index, change] of queue) {
      items[index] =
        change.type === 'delete'
          ? { path: change.path, mode: '100644', sha: null }
          : { path: change.path, mode: change.mode, sha: await client.createBlob(change.bytes) };
    }
  }
  // Settled, not raced: no upload goes on behind the back of whoever handles the failure.
  const results = await Promise.allSettled(Array.from({ length: maxUploads }, upload));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  return items;
}

/** Our commit from before our records were lost: on a branch of ours, with the same tree, parents and message. */
async function findCommit(draft: Draft, tree: string, client: RepositoryClient): Promise<string | undefined> {
  for (const name of namesOf(draft)) {
    const sha = await client.branchSha(name);
    if (sha === undefined) return undefined;
    const commit = await client.commitParentsAndTree(sha);
    const isChild = commit.parents.join() === parentsOf(draft).join();
    if (isChild && commit.tree === tree && commit.message.trim() === draft.message.trim()) return sha;
  }
  return undefined;
}

async function findBranch(draft: Draft, headSha: string, client: RepositoryClient): Promise<string | undefined> {
  for (const name of namesOf(draft)) {
    const sha = await client.branchSha(name);
    if (sha === headSha) return name;
    if (sha === undefined) return undefined;
  }
  return undefined;
}

async function pushTo(draft: Draft, headSha: string, client: RepositoryClient): Promise<string> {
  if (draft.continues) {
    await client.advanceBranch(draft.branch, headSha);
    return draft.branch;
  }
  for (const name of namesOf(draft)) {
    const isFree = (await client.branchSha(name)) === undefined;
    if (isFree && (await isCreated(name, headSha, client))) return name;
  }
  throw new BotError('branch-moved', `The branch ${draft.branch} and the next ${maxSuffix} names after it are taken.`);
}

/**
 * False when the name turns out to be somebody else's. One that is taken and not shown yet may be our own, from a call whose answer
 * was lost: `github-taken` then, and whoever tries again later sees whose it is.
 */
async function isCreated(branch: string, headSha: string, client: RepositoryClient): Promise<boolean> {
  try {
    await client.createBranch(branch, headSha);
    return true;
  } catch (error) {
    if (!(error instanceof BotError) || error.code !== 'github-taken') throw error;
    const sha = await client.branchSha(branch);
    if (sha === undefined) throw error;
    return sha === headSha;
  }
}

function namesOf({ branch, continues }: Draft): string[] {
  if (continues) return [branch];
  return Array.from({ length: maxSuffix }, (_, index) => (index === 0 ? branch : `${branch}-${index + 1}`));
}

/** Subject in the repository's own style, the summary's first paragraph, and the person who asked as co-author. */
export function renderCommitMessage(title: string, summary: string, asker: Account): string {
  const paragraph = plainText(summary)
    .split(/\n\s*\n/)
    .find((part) => !part.trimStart().startsWith('#'));
  const body = (paragraph ?? '').replace(/\s+/g, ' ').slice(0, 600).toWellFormed().trim();
  const login = asker.login.replace(/[^\w[\]-]/g, '');
  const trailer = `Co-authored-by: ${login} <${asker.id}+${login}@users.noreply.github.com>`;
  return [plainTitle(title, 'Change'), wrap(body), trailer].filter(Boolean).join('\n\n');
}

/** Lines of at most 72 characters where words allow it. */
function wrap(text: string): string {
  return text.replace(/(.{1,72})(?:\s+|$)/g, '$1\n').trim();
}
