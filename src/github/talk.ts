import type { RestEndpointMethodTypes } from '@octokit/rest';
import { readRefusal, type Caller } from '../calls/index.ts';
import { BotError } from '../domain/index.ts';
import type { CheckRunContent, CommentFacts, PullFacts, RepositoryClient } from './client.ts';
import { toAccount, toIssueFacts } from './facts.ts';

type CommentData = RestEndpointMethodTypes['issues']['createComment']['response']['data'];
type PullData = Pick<RestEndpointMethodTypes['pulls']['list']['response']['data'][number], PullField> & {
  readonly head: { readonly sha: string; readonly ref: string; readonly repo: { readonly id: number } | null };
  readonly base: { readonly ref: string };
  /** Only of a pull request that is read by itself. */
  readonly mergeable_state?: string;
};
type PullField =
  'number' | 'html_url' | 'state' | 'draft' | 'title' | 'body' | 'user' | 'merged_at' | 'merge_commit_sha';

/** GitHub takes at most this many annotations a call; later calls add to them. */
const annotationsPerCall = 50;

/** What people read: comments, reactions, pull requests and check runs. `appId` tells our check runs from others of that name. */
export function createTalk(caller: Caller, appId: number) {
  return {
    async comments(issueNumber) {
      const pages = await caller.all('comments', (kit, at, page) =>
        kit.rest.issues.listComments({ ...at, issue_number: issueNumber, per_page: 100, page }),
      );
      return pages.flat().map(toCommentFacts);
    },
    /** GitHub answers 200 with the existing reaction when it is there already. */
    async addReaction(target, content) {
      await caller.call('addReaction', (kit, at) => {
        if ('issue' in target) return kit.rest.reactions.createForIssue({ ...at, issue_number: target.issue, content });
        return 'comment' in target
          ? kit.rest.reactions.createForIssueComment({ ...at, comment_id: target.comment, content })
          : kit.rest.reactions.createForPullRequestReviewComment({ ...at, comment_id: target.reviewComment, content });
      });
    },
    async thumbsUp(commentId) {
      const given = await caller.find('reactions', (kit, at) =>
        kit.rest.reactions.listForIssueComment({ ...at, comment_id: commentId, content: '+1', per_page: 100 }),
      );
      return (given ?? []).map(({ user, created_at: at }) => ({ by: toAccount(user), at }));
    },
    async createComment(issueNumber, body) {
      return toCommentFacts(
        await caller.call('createComment', (kit, at) =>
          kit.rest.issues.createComment({ ...at, issue_number: issueNumber, body }),
        ),
      );
    },
    async updateComment(commentId, body) {
      await caller.call('updateComment', (kit, at) =>
        kit.rest.issues.updateComment({ ...at, comment_id: commentId, body }),
      );
    },
    async deleteComment(commentId) {
      await caller.find('deleteComment', (kit, at) => kit.rest.issues.deleteComment({ ...at, comment_id: commentId }));
    },
    async pull(number) {
      const data = await caller.find('pull', (kit, at) => kit.rest.pulls.get({ ...at, pull_number: number }));
      return data && toPullFacts(data);
    },
    async pullsByHead(branch) {
      const pages = await caller.all('pullsByHead', (kit, at, page) =>
        kit.rest.pulls.list({ ...at, head: `${at.owner}:${branch}`, state: 'all', per_page: 100, page }),
      );
      return pages.flat().map(toPullFacts);
    },
    createPull: (pull) => createPull(caller, pull),
    async updatePull(number, change) {
      return toPullFacts(
        await caller.call('updatePull', (kit, at) => kit.rest.pulls.update({ ...at, pull_number: number, ...change })),
      );
    },
    ...createIssues(caller),
    ...createChecks(caller, appId),
  } satisfies Partial<RepositoryClient>;
}

/** Private repositories of some plans have no drafts: GitHub refuses those with 422, so nothing was created, and we open it without. */
async function createPull(caller: Caller, pull: Parameters<RepositoryClient['createPull']>[0]): Promise<PullFacts> {
  try {
    return toPullFacts(await caller.call('createPull', (kit, at) => kit.rest.pulls.create({ ...at, ...pull })));
  } catch (error) {
    const refusal = readRefusal(error instanceof BotError ? error.cause : error);
    const hasNoDrafts = refusal.status === 422 && /draft pull requests are not supported/i.test(refusal.message);
    if (!pull.draft || !hasNoDrafts) throw error;
    return createPull(caller, { ...pull, draft: false });
  }
}

function toCommentFacts(data: CommentData): CommentFacts {
  const appId = data.performed_via_github_app?.id;
  return {
    id: data.id,
    author: toAccount(data.user),
    ...(appId !== undefined && { appId }),
    body: data.body ?? '',
    createdAt: data.created_at,
    updatedAt: data.updated_at,
    htmlUrl: data.html_url,
  };
}

function toPullFacts(data: PullData): PullFacts {
  const { number, user, html_url: htmlUrl, draft = false, title, body, head, base } = data;
  return {
    ...{ number, htmlUrl, draft, title, body: body ?? '', author: toAccount(user) },
    state: data.state === 'closed' ? 'closed' : 'open',
    headSha: head.sha,
    headBranch: head.ref,
    ...(head.repo && { headRepositoryId: head.repo.id }),
    baseBranch: base.ref,
    merged: data.merged_at !== null,
    ...(data.mergeable_state === 'dirty' && { isConflicting: true }),
    ...(data.merged_at !== null && data.merge_commit_sha !== null && { mergeSha: data.merge_commit_sha }),
  };
}

function createIssues(caller: Caller) {
  return {
    async createIssue(issue) {
      return toIssueFacts(await caller.call('createIssue', (kit, at) => kit.rest.issues.create({ ...at, ...issue })));
    },
  } satisfies Partial<RepositoryClient>;
}

function createChecks(caller: Caller, appId: number) {
  return {
    async checkRuns(headSha, name) {
      const pages = await caller.all('checkRuns', (kit, at, page) =>
        kit.rest.checks.listForRef({ ...at, ref: headSha, check_name: name, filter: 'all', per_page: 100, page }),
      );
      const ours = pages.flatMap((page) => page.check_runs).filter((run) => run.app?.id === appId);
      return ours.map(({ id, conclusion }) => ({ id, conclusion }));
    },
    async createCheckRun(content) {
      const { name, headSha: head_sha, conclusion, detailsUrl: details_url } = content;
      const run = {
        name,
        head_sha,
        status: 'completed',
        conclusion,
        ...(details_url !== undefined && { details_url }),
      };
      const { id, html_url } = await caller.call('createCheckRun', (kit, at) =>
        kit.rest.checks.create({ ...at, ...run, status: 'completed', output: outputOf(content, 0) }),
      );
      for (let from = annotationsPerCall; from < content.annotations.length; from += annotationsPerCall) {
        await caller.call('updateCheckRun', (kit, at) =>
          kit.rest.checks.update({ ...at, check_run_id: id, output: outputOf(content, from) }),
        );
      }
      return { id, htmlUrl: html_url ?? '' };
    },
  } satisfies Partial<RepositoryClient>;
}

function outputOf({ title, summary, annotations }: CheckRunContent, from: number) {
  const part = annotations.slice(from, from + annotationsPerCall).map(({ path, line, level, message }) => {
    return { path, start_line: line, end_line: line, annotation_level: level, message };
  });
  return { title, summary, annotations: part };
}
