import { BotError, type AgentRun, type Asked, type Job, type Proof, type Reply } from './domain/index.ts';
import { neutralise } from './markdown/index.ts';
import { ensureReply } from './publish/index.ts';
import { gatherAsked } from './asked.ts';
import type { Desk } from './deps.ts';
import { ensureResolved, type Done } from './resolving.ts';

/** A run, and what running its work showed. */
interface Work {
  readonly run: AgentRun;
  readonly proof?: Proof;
  /** What is to be told besides. */
  readonly report?: string | undefined;
}

/**
 * Answers those who asked for the work that a run did on a pull request of ours: each thread in itself, everything else in one comment.
 * Threads in which nothing is left are resolved. `headSha` is the newest commit then. Each is looked for before it is written, so calling
 * this again writes nothing new.
 */
export async function ensureReplies(job: Job, work: Work, headSha: string, desk: Desk): Promise<void> {
  const { replies = [] } = work.run.submission ?? {};
  if (replies.length === 0) {
    await tell([work.report], job, desk);
    return;
  }
  const { asked } = await gatherAsked(job.request, desk);
  const byName = new Map(asked.map((each) => [each.name, each]));
  const isChanged = hasGoodChange(job, work, headSha);
  const done: Done[] = [];
  const elsewhere: string[] = [];
  for (const [name, said] of Map.groupBy(replies, ({ to }) => to.trim().toUpperCase())) {
    const answer = { asked: byName.get(name), text: said.map(({ text }) => text).join('\n\n') };
    const inThread = await answerInThread(job, { ...answer, headSha }, desk);
    if (inThread === undefined) elsewhere.push(renderReply(answer));
    else if (isChanged && said.every(({ changed }) => changed === true)) done.push(inThread);
  }
  const refusal = await ensureResolved(job, done, desk);
  await tell([work.report, ...elsewhere, refusal], job, desk);
}

/** One comment for all of it. */
async function tell(parts: readonly (string | undefined)[], { request }: Job, desk: Desk): Promise<void> {
  const text = parts.filter((part) => part !== undefined).join('\n\n');
  if (text !== '') await ensureReply(request, text, desk);
}

/** What the agent says was changed counts only with a commit, and while no check fails that it is answerable for. */
function hasGoodChange({ plan }: Job, { run, proof }: Work, headSha: string): boolean {
  const isChecked = proof !== undefined && proof.verdict !== 'failed';
  return run.stop === 'submitted' && isChecked && headSha !== plan.continues?.headSha;
}

interface Answer extends Pick<Reply, 'text'> {
  /** undefined for a name that was never given. */
  readonly asked: Asked | undefined;
}

/** Under the first line of what was asked. */
function renderReply({ asked, text }: Answer): string {
  const first = asked?.said.at(-1)?.text.split('\n')[0];
  return first === undefined ? text : `> ${first.slice(0, 200).toWellFormed()}\n\n${text}`;
}

/** undefined where there is no thread: what a review says as a whole, and a thread that was deleted meanwhile or takes no answer. */
async function answerInThread(
  job: Job,
  { asked, text, headSha }: Answer & { readonly headSha: string },
  desk: Desk,
): Promise<Done | undefined> {
  if (asked?.firstId === undefined) return undefined;
  const { firstId } = asked;
  try {
    const body = `${text}\n\n${asked.name}, as of ${headSha.slice(0, 12)}.`;
    return { firstId, answerId: await ensureThreadReply(job, firstId, body, desk) };
  } catch (error) {
    if (error instanceof BotError && ['github-gone', 'github-rejected'].includes(error.code)) return undefined;
    throw error;
  }
}

/** Anybody can copy a marker, so the author counts. */
async function ensureThreadReply(job: Job, firstId: number, text: string, desk: Desk): Promise<number> {
  const { client, effects, bot } = desk;
  const { number } = job.request.subject;
  const marker = `<!-- backend:answer ${job.id} ${firstId} -->`;
  return effects.ensure(`answer:${firstId}`, {
    look: async () => {
      const comments = await client.reviewComments(number);
      return comments.find(({ author, body }) => author.id === bot.botId && body.startsWith(marker))?.id;
    },
    make: async () => (await client.replyToReview(number, firstId, `${marker}\n${neutralise(text)}`)).id,
  });
}
