import {
  BotError,
  type AgentRun,
  type ChangeSet,
  type Continued,
  type Job,
  type Proof,
  type SpentBeside,
} from '../domain/index.ts';
import type { RepositoryClient } from '../github/index.ts';
import type { Workspace } from '../workspace/index.ts';
import { findTemplate, type Account } from '../account/index.ts';
import { checkChangeSet, pathsInDoubt, type CheckedChanges, type TextsBefore } from './change-set.ts';
import { ensureCheckRun } from './check-run.ts';
import type { Doors } from './comments.ts';
import { ensureCommit, renderCommitMessage, type Draft, type Pushed } from './commit.ts';
import { ensurePull } from './pull-request.ts';
import { runUrlOf } from './status.ts';
import { codeSpan, plainTitle } from '../markdown/index.ts';

/** What there is to publish. */
export interface FinishedWork {
  readonly run: AgentRun;
  readonly proof?: Proof | undefined;
  /** The base commit: its pull request template, and what is peculiar about the repository. */
  readonly workspace: Pick<Workspace, 'files' | 'readText' | 'peculiarities'>;
  /** More sentences for the evidence. */
  readonly notes?: readonly string[];
  /** What is new since the head that the plan continues, which may be nothing. */
  readonly fresh?: ChangeSet;
  readonly beside?: SpentBeside;
}

export interface PublishDeps extends Doors {
  readonly settings?: { readonly publicUrl?: string };
}

export interface Published {
  readonly pullNumber: number;
  readonly url: string;
  readonly draft: boolean;
  readonly headSha: string;
}

/**
 * Publishes a run's work: a commit that GitHub signs, on a branch of ours; a pull request that says what was done and what was
 * proved; a check run. Each is looked for before it is made, so calling this again writes nothing new. What a person decided
 * stands: a pushed-to branch, a closed pull request and text outside our markers are left alone.
 * Throws `change-set-refused` (it must not be published), `branch-moved` (somebody pushed), and the github-… codes.
 */
export async function publishWork(job: Job, work: FinishedWork, deps: PublishDeps): Promise<Published> {
  const patterns = [...job.plan.protectedPaths, job.plan.preferencesPath];
  const checked = checkChangeSet(work.run.changes, patterns, await readBefore(work));
  const { continues } = job.plan;
  if (continues) await requireOpenPull(continues, deps);
  else {
    const before = await findPublished(job, deps);
    if (before) return before;
  }
  const title = titleOf(job, work.run);
  const account: Account = {
    job,
    run: work.run,
    proof: work.proof,
    checked: { ...checked, leftOut: freshOf(work, checked.leftOut) },
    notes: [...work.workspace.peculiarities, ...(work.notes ?? []), ...(await findMove(job, deps.client))],
    home: (await deps.client.facts()).htmlUrl,
    runUrl: runUrlOf(job.id, deps.settings?.publicUrl),
    beside: work.beside,
  };
  const pushed = continues
    ? await ensureNext(continues, { job, work, checked }, deps)
    : await ensureCommit(draftOf(title, { job, work, checked }), deps);
  const pull = await ensurePull({ account, title, pushed, template: await readTemplate(work) }, deps);
  await ensureCheckRun({ ...account, ...pushed, changes: checked.changes }, deps);
  return { pullNumber: pull.number, url: pull.htmlUrl, draft: pull.draft, headSha: pushed.headSha };
}

/** Workflow files that others changed on a branch that we continue are there, and not left out. */
function freshOf({ fresh }: FinishedWork, paths: readonly string[]): readonly string[] {
  return fresh === undefined ? paths : paths.filter((path) => fresh.some((change) => change.path === path));
}

interface Checked {
  readonly job: Job;
  readonly work: FinishedWork;
  readonly checked: CheckedChanges;
}

function draftOf(title: string, { job, work, checked }: Checked): Draft {
  const { base, branch } = job.plan;
  const message = renderCommitMessage(title, work.run.submission?.summary ?? '', job.request.sender);
  return { changes: checked.changes, baseSha: base.sha, message, branch };
}

/** One more commit on the branch that is continued, where there is anything to commit. */
async function ensureNext(continued: Continued, { job, work, checked }: Checked, deps: PublishDeps): Promise<Pushed> {
  if (continued.leftBaseAt !== undefined) return ensureMerge(continued, { job, work, checked }, deps);
  const { branch, headSha } = continued;
  const changes = (work.fresh ?? []).filter(({ path }) => !checked.leftOut.includes(path));
  if (changes.length === 0) return { branch, headSha };
  const { commit, title = 'Go on with the work' } = work.run.submission ?? {};
  const message = renderCommitMessage(commit ?? title, '', job.request.sender);
  return ensureCommit({ changes, baseSha: headSha, message, branch, continues: true }, deps);
}

/**
 * The base's newest commit and the branch's as the two parents of one, so that nobody's commits are rewritten. What others changed in workflow
 * files stays; what the agent would change in them gives way to the base.
 */
async function ensureMerge({ branch, headSha }: Continued, { job, work, checked }: Checked, deps: PublishDeps) {
  const { plan, request } = job;
  const leftOut = freshOf(work, checked.leftOut);
  const changes = work.run.changes.filter(({ path }) => !leftOut.includes(path));
  const message = renderCommitMessage(`Merge branch '${plan.base.branch}' into ${branch}`, '', request.sender);
  const place = { baseSha: plan.base.sha, parents: [headSha, plan.base.sha], branch, continues: true };
  return ensureCommit({ changes, message, ...place }, deps);
}

/** The base commit's text of files in which something may be hidden. */
async function readBefore({ run, workspace }: FinishedWork): Promise<TextsBefore> {
  const texts = new Map<string, string | undefined>();
  for (const path of pathsInDoubt(run.changes)) texts.set(path, await workspace.readText(path));
  return texts;
}

/** A pull request that a person closed or merged gets no more commits. */
async function requireOpenPull({ pullNumber }: Continued, { client }: Doors): Promise<void> {
  const pull = await client.pull(pullNumber);
  if (pull?.state === 'open') return;
  throw new BotError('branch-moved', `Pull request #${pullNumber} is no longer open, so nothing more is pushed to it.`);
}

/**
 * What this job published before our records of it were lost (a database restored from a backup): an open pull request of ours on the
 * branch that is named after the issue, there before we made any. It is adopted as it is.
 */
function findPublished({ plan }: Job, { client, bot, effects }: PublishDeps): Promise<Published | null> {
  return effects.ensure<Published | null>(`published-before:${plan.branch}`, {
    look: async () => {
      const pulls = await client.pullsByHead(plan.branch);
      const pull = pulls.find(({ state, author }) => state === 'open' && author.id === bot.botId);
      return pull && { pullNumber: pull.number, url: pull.htmlUrl, draft: pull.draft, headSha: pull.headSha };
    },
    make: () => Promise.resolve(null),
  });
}

/** A run that ended without a submission is published under the issue's title, as the person who asked saw it. */
function titleOf({ request }: Job, { submission }: AgentRun): string {
  return plainTitle(submission?.title ?? request.seen.title, `Work on #${request.subject.number}`);
}

/** What a reader has to know when others went on meanwhile: the proof is about the commit that the work began from. */
async function findMove(
  { plan: { base, command = '/backend' } }: Job,
  client: RepositoryClient,
): Promise<readonly string[]> {
  const now = await client.branchSha(base.branch);
  if (now === base.sha || now === undefined) return [];
  const from = `${codeSpan(base.branch)} has moved on since the work began at ${codeSpan(base.sha.slice(0, 7))}`;
  const proved = 'what is proved here was proved on that commit';
  return [`${from}: ${proved}. ${codeSpan(`${command} rebase`)} brings it in and proves it again.`];
}

async function readTemplate({ workspace }: FinishedWork): Promise<string | undefined> {
  const path = findTemplate(workspace.files.filter(({ mode }) => mode !== '120000').map((file) => file.path));
  return path === undefined ? undefined : workspace.readText(path);
}
