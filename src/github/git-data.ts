import type { Caller } from '../calls/index.ts';
import type { RepositoryClient } from './client.ts';

/** Branches, commits, trees and blobs through GitHub's Git database: no git command ever sees what an agent wrote. */
export function createGitData(caller: Caller) {
  return {
    async branchSha(branch) {
      const data = await caller.find('branchSha', (kit, at) => kit.rest.git.getRef({ ...at, ref: `heads/${branch}` }));
      return data?.object.sha;
    },
    async commitParentsAndTree(sha) {
      const data = await caller.call('commit', (kit, at) => kit.rest.git.getCommit({ ...at, commit_sha: sha }));
      return { tree: data.tree.sha, parents: data.parents.map((parent) => parent.sha), message: data.message };
    },
    /** GitHub puts all files on the first page and as many commits on each as we like ("Compare two commits"): the second stays small. */
    async mergeBase(base, head) {
      const page = { per_page: 1, page: 2 };
      const data = await caller.find('mergeBase', (kit, at) =>
        kit.rest.repos.compareCommitsWithBasehead({ ...at, basehead: `${base}...${head}`, ...page }),
      );
      return data?.merge_base_commit.sha;
    },
    async createBlob(bytes) {
      const content = Buffer.from(bytes).toString('base64');
      const data = await caller.call('createBlob', (kit, at) =>
        kit.rest.git.createBlob({ ...at, content, encoding: 'base64' }),
      );
      return data.sha;
    },
    async createTree(baseTree, items) {
      const entries = items.map(({ path, mode, sha }) => ({ path, mode, sha, type: 'blob' as const }));
      const data = await caller.call('createTree', (kit, at) =>
        kit.rest.git.createTree({ ...at, base_tree: baseTree, tree: entries }),
      );
      return data.sha;
    },
    async createCommit({ message, tree, parents }) {
      const data = await caller.call('createCommit', (kit, at) =>
        kit.rest.git.createCommit({ ...at, message, tree, parents: [...parents] }),
      );
      return data.sha;
    },
    async createBranch(branch, sha) {
      await caller.call('createBranch', (kit, at) =>
        kit.rest.git.createRef({ ...at, ref: `refs/heads/${branch}`, sha }),
      );
    },
    async advanceBranch(branch, sha) {
      await caller.call('advanceBranch', (kit, at) =>
        kit.rest.git.updateRef({ ...at, ref: `heads/${branch}`, sha, force: false }),
      );
    },
  } satisfies Partial<RepositoryClient>;
}
