import { BotError } from '../domain/index.ts';
import type { Caller } from './caller.ts';
import type { RepositoryClient, TreeItem } from './client.ts';

type GitData = Pick<
  RepositoryClient,
  'branchSha' | 'commitParentsAndTree' | 'createBlob' | 'createTree' | 'createCommit' | 'createBranch' | 'advanceBranch'
>;

/** Branches, commits, trees and blobs through GitHub's Git database: no git command ever sees what an agent wrote. */
export function createGitData(caller: Caller): GitData {
  async function branchSha(branch: string): Promise<string | undefined> {
    const data = await caller.find('branchSha', (kit, at) => kit.rest.git.getRef({ ...at, ref: `heads/${branch}` }));
    return data?.object.sha;
  }

  return {
    branchSha,
    async commitParentsAndTree(sha) {
      const data = await caller.call('commit', (kit, at) => kit.rest.git.getCommit({ ...at, commit_sha: sha }));
      return { tree: data.tree.sha, parents: data.parents.map((parent) => parent.sha), message: data.message };
    },
    async createBlob(bytes) {
      const content = Buffer.from(bytes).toString('base64');
      const data = await caller.call('createBlob', (kit, at) =>
        kit.rest.git.createBlob({ ...at, content, encoding: 'base64' }),
      );
      return data.sha;
    },
    async createTree(baseTree, items) {
      const data = await caller.call('createTree', (kit, at) =>
        kit.rest.git.createTree({ ...at, base_tree: baseTree, tree: items.map(toTreeEntry) }),
      );
      return data.sha;
    },
    async createCommit({ message, tree, parent }) {
      const data = await caller.call('createCommit', (kit, at) =>
        kit.rest.git.createCommit({ ...at, message, tree, parents: [parent] }),
      );
      return data.sha;
    },
    async createBranch(branch, sha) {
      try {
        await caller.call('createBranch', (kit, at) =>
          kit.rest.git.createRef({ ...at, ref: `refs/heads/${branch}`, sha }),
        );
      } catch (error) {
        throw await explainTaken(error, branch, branchSha);
      }
    },
    async advanceBranch(branch, sha) {
      await caller.call('advanceBranch', (kit, at) =>
        kit.rest.git.updateRef({ ...at, ref: `heads/${branch}`, sha, force: false }),
      );
    },
  };
}

function toTreeEntry({ path, mode, sha }: TreeItem): {
  path: string;
  mode: TreeItem['mode'];
  type: 'blob';
  sha: string | null;
} {
  return { path, mode, type: 'blob', sha };
}

/** GitHub says 422 for a taken name as for much else; only looking tells them apart. */
async function explainTaken(
  error: unknown,
  branch: string,
  branchSha: (branch: string) => Promise<string | undefined>,
): Promise<unknown> {
  const isRejected = error instanceof BotError && error.code === 'github-rejected';
  if (!isRejected || (await branchSha(branch)) === undefined) return error;
  return new BotError('branch-moved', `The branch ${branch} exists already; it is left as it is.`, { cause: error });
}
