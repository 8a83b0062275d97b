import type { Job } from './domain/index.ts';
import type { CommentFacts } from './github/index.ts';
import type { Desk } from './deps.ts';
import { gatherTrusted } from './briefing.ts';
import { readVisible } from './visible/index.ts';

/** GitHub allows 5,000 reads an hour per installation; a look every ten seconds takes 360 of them. */
const lookEveryMs = 10_000;

/**
 * What people with write permission say on the issue while a run works. Each comment is told before the agent's next turn and shown
 * 👀. A crash may tell one twice, never lose one: it counts as told only at the next call, when the agent has journalled it.
 */
export async function openSteering(job: Job, desk: Desk): Promise<() => Promise<readonly string[]>> {
  const { journal, now, client } = desk;
  const told = new Set((await journal.entries('steered')).flatMap(({ data }) => data as number[])); // written below only
  let lookedAt = 0;
  let fresh: readonly CommentFacts[] = [];
  return async () => {
    if (fresh.length > 0)
      await journal.append(
        'steered',
        fresh.map(({ id }) => id),
      );
    fresh = [];
    if (now() - lookedAt < lookEveryMs) return [];
    lookedAt = now();
    fresh = (await gatherSteering(job, desk)).filter(({ id }) => !told.has(id));
    for (const { id } of fresh) {
      told.add(id);
      await client.addReaction({ comment: id }, 'eyes');
    }
    return fresh.flatMap(({ author, body }) => sayVisible(author.login, body));
  };
}

/** Of a comment in which nobody sees anything, nothing is told. */
function sayVisible(login: string, body: string): readonly string[] {
  const { text } = readVisible(body);
  return text === '' ? [] : [`${login}: ${text}`];
}

/** A comment that begins with a slash is a command, to us or to another bot: it has its own way in. */
async function gatherSteering({ request }: Job, { client }: Desk): Promise<readonly CommentFacts[]> {
  const comments = await client.comments(request.subject.number);
  const later = comments.filter(
    ({ id, createdAt, body }) =>
      Date.parse(createdAt) >= Date.parse(request.requestedAt) &&
      !body.trimStart().startsWith('/') &&
      !(request.source.type === 'comment' && request.source.commentId === id),
  );
  return gatherTrusted(later, client);
}
