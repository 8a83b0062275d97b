import { readFile } from 'node:fs/promises';
import type { Task } from './agent/index.ts';
import type { CheckRun, Job } from './domain/index.ts';
import { BotError } from './domain/index.ts';
import type { RepositoryClient } from './github/index.ts';
import type { CheckPlan } from './verify/index.ts';
import { cleanCharacters } from './characters/index.ts';
import { readVisible, readVisibleLine, type VisibleText } from './visible/index.ts';
import { readProposal } from './proposal/index.ts';
import type { Merge, Workspace } from './workspace/index.ts';
import { gatherAsked } from './asked.ts';
import { gatherMemory } from './memory.ts';
import type { Desk } from './deps.ts';
import { gatherTrusted } from './trusted.ts';

/** The task, and what the people who read the pull request should know of how it was read. */
export interface Briefing extends Task {
  readonly notes: readonly string[];
}

/** Instruction files that repositories keep for agents; the settings' preferences file comes after them. */
const instructionPaths = ['AGENTS.md', 'CLAUDE.md'];

/**
 * Everything the agent is told about its task, as it stood when the work was asked for. Gathered once per job and then
 * journalled, so that later edits on GitHub change nothing and a resumed run starts from the same bytes. What people wrote is given as they
 * see it on the page: what is hidden in it is not read, and named in the notes.
 */
export async function gatherTask(
  job: Job,
  ground: { workspace: Workspace; checkPlan: CheckPlan; baseline: readonly CheckRun[]; merge?: Merge | undefined },
  desk: Desk,
): Promise<Briefing> {
  const { seen, subject, sender } = job.request;
  const author = (await desk.client.issue(subject.number))?.author ?? sender;
  const preferences = await readOperatorPreferences(desk.settings.preferencesPath);
  const [title, body] = [readVisibleLine(seen.title), readVisible(seen.body)];
  const instruction = readVisible(job.request.instruction);
  const heard = job.plan.continues ? await gatherAsked(job.request, desk) : { asked: [], unseen: [] };
  const approved = readApproved(job);
  const comments = (await gatherSeenComments(job, desk.client)).map((comment) => ({
    comment,
    body: readVisible(comment.body),
  }));
  return {
    issue: {
      ...{ title: title.text, body: body.text, number: subject.number, author: author.login },
      ...(isPull(job) && { isPull: true }),
      ...(job.plan.stackedOn !== undefined && { isStacked: true }),
    },
    ...(isPull(job) && { changedPaths: [...(await desk.client.pullPaths(subject.number))] }),
    asked: [...heard.asked],
    comments: comments.map(({ comment, body: { text } }) => ({ ...comment, body: text })),
    instruction: instruction.text,
    ...(approved && { plan: approved.text }),
    memory: await gatherMemory(job, desk),
    ...readMerge(job, ground.merge),
    instructions: await gatherInstructions(job, ground.workspace, desk.client),
    ...(preferences !== undefined && { operatorPreferences: preferences }),
    peculiarities: [...ground.workspace.peculiarities],
    checks: [...ground.checkPlan.checks],
    commitSubjects: [...(await ground.workspace.recentSubjects(10))],
    baseline: [...ground.baseline],
    notes: [
      ...noteHidden('the issue’s title', [title]),
      ...noteHidden('the issue', [body]),
      ...noteHidden('the command', [instruction]),
      ...noteHidden('the plan', approved ? [approved] : []),
      ...noteHidden(
        'comments',
        comments.map((each) => each.body),
      ),
      ...noteHidden('reviews', heard.unseen),
    ],
  };
}

function readMerge({ plan }: Job, merge: Merge | undefined): Pick<Task, 'merge'> {
  return merge === undefined ? {} : { merge: { base: plan.base.branch, said: [...merge.said] } };
}

function readApproved({ plan: { approved } }: Job) {
  return approved === undefined ? undefined : readProposal(approved);
}

/** Templates leave short HTML comments in nearly every issue: of those nobody has to hear. */
export function noteHidden(
  where: string,
  texts: readonly Pick<VisibleText, 'notable' | 'folded'>[],
): readonly string[] {
  const hidden = [...new Set(texts.flatMap(({ notable }) => notable))];
  const folded = [...new Set(texts.flatMap((text) => text.folded))];
  return [
    ...(hidden.length > 0 ? [`Hidden text in ${where} was not read: ${listed(hidden)}.`] : []),
    ...(folded.length > 0 ? [`Folded text in ${where} was read: ${listed(folded)}.`] : []),
  ];
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 8);
  return [...shown, ...(names.length > shown.length ? [`and ${names.length - shown.length} more`] : [])].join('; ');
}

/** Comments made before the request and not edited since: the ones the asking person saw. */
async function gatherSeenComments(job: Job, client: RepositoryClient): Promise<Task['comments']> {
  const { requestedAt, subject } = job.request;
  const comments = await client.comments(subject.number);
  const seen = comments.filter(({ updatedAt }) => Date.parse(updatedAt) <= Date.parse(requestedAt));
  const trusted = await gatherTrusted(seen, client);
  return trusted.map(({ author, body, createdAt }) => ({ author: author.login, body, createdAt }));
}

/** A dispatch names a number, and does not say which of both it is. */
function isPull({ request, plan }: Job): boolean {
  return request.subject.kind === 'pull_request' || plan.stackedOn !== undefined;
}

async function gatherInstructions(
  job: Job,
  workspace: Workspace,
  client: RepositoryClient,
): Promise<Task['instructions']> {
  const paths = [...new Set([...instructionPaths, job.plan.preferencesPath])];
  const read = isPull(job) ? await readDefault(client) : (path: string) => workspace.readText(path);
  const files = await Promise.all(paths.map(async (path) => ({ path, text: await read(path) })));
  return files.flatMap(({ path, text }) =>
    typeof text === 'string' ? [{ path, text: cleanCharacters(text).text }] : [],
  );
}

/** Those of a pull request's own commit are whatever its author likes: the ones of the default branch were approved. */
async function readDefault(client: RepositoryClient) {
  const sha = await client.branchSha((await client.facts()).defaultBranch);
  return async (path: string) => (sha === undefined ? undefined : client.fileText(path, sha));
}

async function readOperatorPreferences(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new BotError('config-invalid', `PREFERENCES_PATH: the file ${path} cannot be read`, { cause });
  }
}
