import { BotError, type AgentRun, type Asked, type Job, type Reply } from './domain/index.ts';
import { neutralise } from './markdown/index.ts';
import { ensureReply } from './publish/index.ts';
import { gatherAsked } from './asked.ts';
import type { Desk } from './deps.ts';

/**
 * Answers those who asked for the work that a run did on a pull request of ours: each thread in itself, everything else in one comment.
 * `headSha` is the newest commit then. Each is looked for before it is written, so calling this again writes nothing new.
 */
export async function ensureReplies(job: Job, { submission }: AgentRun, headSha: string, desk: Desk): Promise<void> {
  const { replies = [] } = submission ?? {};
  if (replies.length === 0) return;
  const { asked } = await gatherAsked(job.request, desk);
  const byName = new Map(asked.map((each) => [each.name, each]));
  const elsewhere: string[] = [];
  for (const [name, texts] of Map.groupBy(replies, ({ to }) => to.trim().toUpperCase())) {
    const answer = { asked: byName.get(name), text: texts.map(({ text }) => text).join('\n\n') };
    if (!(await isAnsweredInThread(job, { ...answer, headSha }, desk))) elsewhere.push(renderReply(answer));
  }
  if (elsewhere.length > 0) await ensureReply(job.request, elsewhere.join('\n\n'), desk);
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

/** A thread that was deleted meanwhile, or takes no answer, is answered elsewhere. */
async function isAnsweredInThread(
  job: Job,
  answer: Answer & { readonly headSha: string },
  desk: Desk,
): Promise<boolean> {
  const { asked, text, headSha } = answer;
  if (asked?.firstId === undefined) return false;
  try {
    await ensureThreadReply(job, asked.firstId, `${text}\n\n${asked.name}, as of ${headSha.slice(0, 12)}.`, desk);
    return true;
  } catch (error) {
    if (error instanceof BotError && ['github-gone', 'github-rejected'].includes(error.code)) return false;
    throw error;
  }
}

/** Anybody can copy a marker, so the author counts. */
async function ensureThreadReply(job: Job, firstId: number, text: string, desk: Desk): Promise<void> {
  const { client, effects, bot } = desk;
  const { number } = job.request.subject;
  const marker = `<!-- backend:answer ${job.id} ${firstId} -->`;
  await effects.ensure(`answer:${firstId}`, {
    look: async () => {
      const comments = await client.reviewComments(number);
      return comments.find(({ author, body }) => author.id === bot.botId && body.startsWith(marker))?.id;
    },
    make: async () => (await client.replyToReview(number, firstId, `${marker}\n${neutralise(text)}`)).id,
  });
}
