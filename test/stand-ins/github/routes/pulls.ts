import { notFound, validationFailed } from '../api-error.ts';
import { logOf } from '../commits.ts';
import { diffFiles, diffText, fileShape } from '../diffs.ts';
import { branchSha, git, gitText } from '../git.ts';
import { addIssue, checkText, closePull, editIssue, emitPull, reopenPull, tellIssue } from '../issue-changes.ts';
import { actingUser, flagField, numberParam, textField, textsField } from '../route.ts';
import type { Answer, Need, RepoCall, Route } from '../route.ts';
import { endsOf, mergeBase, pullOf, pullShape, simplePullShape } from '../shapes/pulls.ts';
import { findUser } from '../world.ts';
import type { Issue, Pull, Repo } from '../world.ts';
import { commitShape } from './commits.ts';
import { inOrder } from './issues.ts';

const base = '/repos/{owner}/{repo}/pulls';
const readNeeds: readonly Need[] = [['pull_requests', 'read']];
const writeNeeds: readonly Need[] = [['pull_requests', 'write']];
const read = { access: 'repository', needs: readNeeds, role: 'read' } as const;
const write = { access: 'repository', needs: writeNeeds, role: 'write' } as const;

export const pullRoutes: readonly Route[] = [
  { method: 'GET', path: base, ...read, handle: listPulls },
  { method: 'POST', path: base, ...write, handle: createPull },
  { method: 'GET', path: `${base}/{pull_number}`, ...read, handle: getPull },
  { method: 'PATCH', path: `${base}/{pull_number}`, ...write, handle: updatePull },
  { method: 'GET', path: `${base}/{pull_number}/files`, ...read, handle: listFiles },
  { method: 'GET', path: `${base}/{pull_number}/commits`, ...read, handle: listCommits },
  { method: 'POST', path: `${base}/{pull_number}/requested_reviewers`, ...write, handle: requestReviewers },
];

export function pullIssue(call: RepoCall): Issue {
  const issue = call.repo.issues.get(numberParam(call, 'pull_number'));
  if (issue?.pull === undefined) throw notFound();
  return issue;
}

function listPulls(call: RepoCall): Answer {
  const { world, repo, query } = call;
  const state = query.get('state') ?? 'open';
  const head = query.get('head');
  const target = query.get('base');
  const found = [...repo.issues.values()].filter(
    (issue) =>
      issue.pull !== undefined &&
      (state === 'all' || issue.state === state) &&
      (head === null || !head.includes(':') || head === headLabel(repo, issue.pull)) &&
      (target === null || target === issue.pull.base),
  );
  return { status: 200, list: inOrder(found, query).map((issue) => simplePullShape(world, repo, issue)) };
}

function headLabel(repo: Repo, { fork, head }: Pull): string {
  return `${(fork?.owner ?? repo.owner).login}:${head}`;
}

async function createPull(call: RepoCall): Promise<Answer> {
  const { world, repo, body } = call;
  const title = textField(body, 'title');
  if (title === undefined || title.trim() === '') {
    throw validationFailed({ resource: 'PullRequest', code: 'missing_field', field: 'title' });
  }
  const text = textField(body, 'body') ?? null;
  checkText('PullRequest', { title, body: text });
  const ends = await readEnds(call);
  const by = actingUser(call);
  const pull: Pull = {
    id: world.nextId(),
    ...ends,
    draft: flagField(body, 'draft') ?? false,
    mergedAt: undefined,
    mergedBy: undefined,
    mergeSha: null,
    mergeKnown: undefined,
    requestedReviewers: [],
    reviews: [],
  };
  requireNoPull(repo, ends);
  const issue = addIssue(world, repo, { title, body: text, by, pull });
  tellIssue(world, repo, issue, { did: 'opened' });
  await git(repo.gitDir, ['update-ref', `refs/pull/${issue.number}/head`, pull.headSha]);
  await emitPull(world, repo, { issue, by, action: 'opened' });
  const shape = await pullShape(world, repo, issue);
  return { status: 201, body: shape, headers: { location: String(shape['url']) } };
}

type Ends = Pick<Pull, 'head' | 'base' | 'headSha' | 'baseSha'>;

/** Both branches must exist, differ by at least one commit, and have no open pull request yet. */
async function readEnds(call: RepoCall): Promise<Ends> {
  const { repo, body } = call;
  const resource = 'PullRequest';
  const owner = repo.owner.login;
  const head = ourBranch(owner, String(body['head']));
  const base = String(body['base']);
  const headSha = head === undefined ? undefined : await branchSha(repo.gitDir, head);
  if (headSha === undefined || head === undefined) throw validationFailed({ resource, field: 'head', code: 'invalid' });
  const baseSha = await branchSha(repo.gitDir, base);
  if (baseSha === undefined) throw validationFailed({ resource, field: 'base', code: 'invalid' });
  const ends = { head, base, headSha, baseSha };
  requireNoPull(repo, ends);
  if ((await gitText(repo.gitDir, ['rev-list', '--count', `${baseSha}..${headSha}`])) === '0') {
    throw validationFailed({ resource, code: 'custom', message: `No commits between ${base} and ${head}` });
  }
  return ends;
}

/** `owner:branch` or just the branch; undefined for a branch of somebody else's fork. */
function ourBranch(owner: string, head: string): string | undefined {
  if (!head.includes(':')) return head;
  const [namespace = '', branch] = head.split(':', 2);
  return namespace.toLowerCase() === owner.toLowerCase() ? branch : undefined;
}

function requireNoPull(repo: Repo, ends: Ends): void {
  const isThere = [...repo.issues.values()].some(
    (issue) =>
      issue.state === 'open' &&
      issue.pull?.head === ends.head &&
      issue.pull.fork === undefined &&
      issue.pull.base === ends.base,
  );
  if (!isThere) return;
  const message = `A pull request already exists for ${repo.owner.login}:${ends.head}.`;
  throw validationFailed({ resource: 'PullRequest', code: 'custom', message });
}

async function getPull(call: RepoCall): Promise<Answer> {
  const issue = pullIssue(call);
  if (/application\/vnd\.github(\.v3)?\.diff/.test(call.accept)) {
    const pull = pullOf(issue);
    const data = Buffer.from(await diffText(call.repo.gitDir, await mergeBase(call.repo, pull), pull.headSha));
    return { status: 200, bytes: { type: 'application/vnd.github.diff; charset=utf-8', data } };
  }
  const shape = await pullShape(call.world, call.repo, issue);
  pullOf(issue).mergeKnown = await endsOf(call.repo, pullOf(issue));
  return { status: 200, body: shape };
}

async function updatePull(call: RepoCall): Promise<Answer> {
  const { world, repo, body } = call;
  const issue = pullIssue(call);
  const by = actingUser(call);
  await editIssue(world, repo, { issue, title: textField(body, 'title'), body: textField(body, 'body'), by });
  await rebase(call, issue);
  const state = textField(body, 'state');
  if (state === 'closed') await closePull(world, repo, { issue, by });
  if (state === 'open') await reopen(call, issue);
  return { status: 200, body: await pullShape(world, repo, issue) };
}

async function rebase(call: RepoCall, issue: Issue): Promise<void> {
  const target = textField(call.body, 'base');
  const pull = pullOf(issue);
  if (target === undefined || target === pull.base) return;
  const sha = await branchSha(call.repo.gitDir, target);
  if (sha === undefined) throw validationFailed({ resource: 'PullRequest', field: 'base', code: 'invalid' });
  pull.base = target;
  pull.baseSha = sha;
}

/** Without its branch a pull request can't be opened again. */
async function reopen(call: RepoCall, issue: Issue): Promise<void> {
  const pull = pullOf(issue);
  const sha = await branchSha(call.repo.gitDir, pull.head);
  if (sha === undefined || pull.mergedAt !== undefined) {
    const message = 'state cannot be changed. The branch was deleted or the pull request was merged.';
    throw validationFailed({ resource: 'PullRequest', code: 'invalid', field: 'state', message });
  }
  pull.headSha = sha;
  await reopenPull(call.world, call.repo, { issue, by: actingUser(call) });
}

async function listFiles(call: RepoCall): Promise<Answer> {
  const { world, repo } = call;
  const pull = pullOf(pullIssue(call));
  const files = await diffFiles(repo.gitDir, await mergeBase(repo, pull), pull.headSha);
  return { status: 200, list: files.map((file) => fileShape(world, repo, { file, ref: pull.headSha })) };
}

async function listCommits(call: RepoCall): Promise<Answer> {
  const { world, repo } = call;
  const pull = pullOf(pullIssue(call));
  const from = await mergeBase(repo, pull);
  const commits = (await logOf(repo.gitDir, `${from}..${pull.headSha}`, ['--max-count=250'])).reverse();
  return { status: 200, list: commits.map((commit) => commitShape(world, repo, commit)) };
}

/** Only collaborators can be asked, and never the author. */
async function requestReviewers(call: RepoCall): Promise<Answer> {
  const { world, repo } = call;
  const issue = pullIssue(call);
  const pull = pullOf(issue);
  for (const login of textsField(call.body, 'reviewers')) {
    const user = findUser(world, login);
    if (user === undefined || !(repo.collaborators.has(user.id) || repo.owner === user)) {
      throw validationFailed({
        resource: 'PullRequest',
        code: 'custom',
        message:
          'Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the repository.',
      });
    }
    if (user === issue.user) {
      throw validationFailed({
        resource: 'PullRequest',
        code: 'custom',
        message: 'Review cannot be requested from pull request author.',
      });
    }
    if (!pull.requestedReviewers.includes(user)) pull.requestedReviewers.push(user);
  }
  return { status: 201, body: simplePullShape(world, repo, issue) };
}
