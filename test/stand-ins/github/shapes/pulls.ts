import { branchSha, git, gitText, isAncestor, resolve } from '../git.ts';
import { born } from '../lag.ts';
import { countFiles } from '../diffs.ts';
import { iso } from '../world.ts';
import type { Issue, Pull, Repo, User, World } from '../world.ts';
import { nodeId, userShape } from './accounts.ts';
import { association, commentsOf, issuePage } from './issues.ts';
import { labelShape, repositoryShape, repoUrl } from './repositories.ts';

/** The pull request as lists carry it. */
export function simplePullShape(world: World, repo: Repo, issue: Issue): Record<string, unknown> {
  const pull = pullOf(issue);
  return born(issue.createdAt, {
    ...links(world, repo, issue),
    id: pull.id,
    node_id: nodeId('PullRequest', pull.id),
    number: issue.number,
    state: issue.state,
    locked: issue.locked,
    title: issue.title,
    user: userShape(world, issue.user),
    body: issue.body,
    created_at: iso(issue.createdAt),
    updated_at: iso(issue.updatedAt),
    closed_at: time(issue.closedAt),
    merged_at: time(pull.mergedAt),
    merge_commit_sha: pull.mergeSha,
    assignee: issue.assignees[0] === undefined ? null : userShape(world, issue.assignees[0]),
    assignees: issue.assignees.map((user) => userShape(world, user)),
    requested_reviewers: pull.requestedReviewers.map((user) => userShape(world, user)),
    requested_teams: [],
    labels: issue.labels.map((label) => labelShape(world, repo, label)),
    milestone: null,
    draft: pull.draft,
    head: headOf(world, repo, pull),
    base: end(world, repo, { ref: pull.base, sha: pull.baseSha }),
    author_association: association(repo, issue.user),
    auto_merge: null,
    active_lock_reason: null,
  });
}

/** The pull request on its own, with what has to be counted. */
export async function pullShape(world: World, repo: Repo, issue: Issue): Promise<Record<string, unknown>> {
  const pull = pullOf(issue);
  const from = await mergeBase(repo, pull);
  const files = await countFiles(repo.gitDir, from, pull.headSha);
  const commits = await gitText(repo.gitDir, ['rev-list', '--count', `${from}..${pull.headSha}`]);
  const isKnown = issue.state === 'open' && pull.mergeKnown === (await endsOf(repo, pull));
  const mergeable = isKnown ? await isMergeable(repo, pull) : null;
  return {
    ...simplePullShape(world, repo, issue),
    merged: pull.mergedAt !== undefined,
    mergeable,
    rebaseable: mergeable,
    mergeable_state: stateOf(repo, pull, mergeable),
    merged_by: optionalUser(world, pull.mergedBy),
    comments: commentsOf(repo, issue.number).length,
    review_comments: [...repo.reviewComments.values()].filter((each) => each.issueNumber === issue.number).length,
    maintainer_can_modify: false,
    commits: Number(commits),
    additions: files.reduce((sum, file) => sum + file.additions, 0),
    deletions: files.reduce((sum, file) => sum + file.deletions, 0),
    changed_files: files.length,
  };
}

/** Where the pull request's branch left its base: what its files are compared with. */
export async function mergeBase(repo: Repo, pull: Pull): Promise<string> {
  const base = (await branchSha(repo.gitDir, pull.base)) ?? pull.baseSha;
  const { code, out } = await git(repo.gitDir, ['merge-base', pull.baseSha, pull.headSha], { accept: [1] });
  return code === 0 ? out.toString().trim() : base;
}

export function pullOf(issue: Issue): Pull {
  if (issue.pull === undefined) throw new Error(`#${issue.number} is not a pull request`);
  return issue.pull;
}

/** What a merge would join. GitHub begins to find out whether it can when somebody reads the pull request, and says `unknown` then. */
export async function endsOf(repo: Repo, pull: Pull): Promise<string> {
  const base = await resolve(repo.gitDir, `refs/heads/${pull.base}^{commit}`);
  return `${base ?? ''}...${pull.headSha}`;
}

async function isMergeable(repo: Repo, pull: Pull): Promise<boolean> {
  const base = await resolve(repo.gitDir, `refs/heads/${pull.base}^{commit}`);
  if (base === undefined) return false;
  if (await isAncestor(repo.gitDir, base, pull.headSha)) return true;
  const merge = await git(repo.gitDir, ['merge-tree', '--write-tree', base, pull.headSha], { accept: [1, 128] });
  return merge.code === 0;
}

function stateOf(repo: Repo, pull: Pull, mergeable: boolean | null): string {
  if (mergeable === null) return 'unknown';
  if (!mergeable) return 'dirty';
  if (pull.draft) return 'draft';
  const isRed = [...repo.checkRuns.values()].some(
    ({ headSha, conclusion }) => headSha === pull.headSha && !passing.has(conclusion ?? 'pending'),
  );
  return isRed ? 'unstable' : 'clean';
}

const passing: ReadonlySet<string> = new Set(['success', 'neutral', 'skipped']);

function end(world: World, repo: Repo, at: { ref: string; sha: string }): Record<string, unknown> {
  return {
    label: `${repo.owner.login}:${at.ref}`,
    ref: at.ref,
    sha: at.sha,
    user: userShape(world, repo.owner),
    repo: { ...repositoryShape(world, repo), ...mergeSettings },
  };
}

/** In a fork, the repository is another one; null once it is gone. */
function headOf(world: World, repo: Repo, pull: Pull): Record<string, unknown> {
  const { fork } = pull;
  const ours = end(world, repo, { ref: pull.head, sha: pull.headSha });
  if (fork === undefined) return ours;
  const copy = { ...repo, id: fork.id, owner: fork.owner, issues: new Map(), comments: new Map() };
  const shape = { ...repositoryShape(world, copy), ...mergeSettings, fork: true };
  const label = `${fork.owner.login}:${pull.head}`;
  return { ...ours, label, user: userShape(world, fork.owner), repo: fork.isGone ? null : shape };
}

const mergeSettings = {
  allow_squash_merge: true,
  allow_merge_commit: true,
  allow_rebase_merge: true,
  allow_auto_merge: false,
  delete_branch_on_merge: false,
  allow_update_branch: false,
  use_squash_pr_title_as_default: false,
  squash_merge_commit_message: 'COMMIT_MESSAGES',
  squash_merge_commit_title: 'COMMIT_OR_PR_TITLE',
  merge_commit_message: 'PR_TITLE',
  merge_commit_title: 'MERGE_MESSAGE',
};

function links(world: World, repo: Repo, issue: Issue): Record<string, unknown> {
  const api = repoUrl(world, repo);
  const url = `${api}/pulls/${issue.number}`;
  const page = issuePage(world, repo, issue);
  const ends = {
    issue: `${api}/issues/${issue.number}`,
    comments: `${api}/issues/${issue.number}/comments`,
    review_comments: `${url}/comments`,
    review_comment: `${api}/pulls/comments{/number}`,
    commits: `${url}/commits`,
    statuses: `${api}/statuses/${pullOf(issue).headSha}`,
  };
  const hrefs = Object.entries({ self: url, html: page, ...ends }).map(([name, href]) => [name, { href }]);
  return {
    url,
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    ...Object.fromEntries(Object.entries(ends).map(([name, href]) => [`${name}_url`, href])),
    _links: Object.fromEntries(hrefs),
  };
}

function time(at: number | undefined): string | null {
  return at === undefined ? null : iso(at);
}

function optionalUser(world: World, user: User | undefined): Record<string, unknown> | null {
  return user === undefined ? null : userShape(world, user);
}
