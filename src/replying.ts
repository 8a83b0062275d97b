import type { AgentRun, Asked, Job, Reply } from './domain/index.ts';
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
  const asked = new Map((await gatherAsked(job.request, desk)).asked.map((each) => [each.name, each]));
  for (const reply of replies) {
    const firstId = asked.get(reply.to)?.firstId;
    if (firstId !== undefined) await ensureThreadReply(job, { ...reply, firstId, headSha }, desk);
  }
  const others = replies.filter(({ to }) => asked.get(to)?.firstId === undefined);
  const text = others.map((reply) => renderReply(reply, asked)).join('\n\n');
  if (text !== '') await ensureReply(job.request, text, desk);
}

/** Under the first line of what was asked. */
function renderReply({ to, text }: Reply, asked: ReadonlyMap<string, Asked>): string {
  const [first] = asked.get(to)?.said ?? [];
  const quote = first?.text.split('\n')[0]?.slice(0, 200).toWellFormed();
  return quote === undefined ? text : `> ${quote}\n\n${text}`;
}

type ThreadReply = Reply & { readonly firstId: number; readonly headSha: string };

/** Anybody can copy a marker, so the author counts. */
async function ensureThreadReply(job: Job, { to, text, firstId, headSha }: ThreadReply, desk: Desk): Promise<void> {
  const { client, effects, bot } = desk;
  const { number } = job.request.subject;
  const marker = `<!-- backend:answer ${job.id} ${firstId} -->`;
  await effects.ensure(`answer:${firstId}`, {
    look: async () => {
      const comments = await client.reviewComments(number);
      return comments.find(({ author, body }) => author.id === bot.botId && body.startsWith(marker))?.id;
    },
    make: async () => {
      const body = `${marker}\n${neutralise(text)}\n\n${to}, as of ${headSha.slice(0, 12)}.`;
      return (await client.replyToReview(number, firstId, body)).id;
    },
  });
}
