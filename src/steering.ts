import type { Job } from './domain/index.ts';
import type { CommentFacts } from './github/index.ts';
import type { Desk } from './deps.ts';
import { noteHidden } from './briefing.ts';
import { gatherTrusted } from './trusted.ts';
import { readVisible, type VisibleText } from './visible/index.ts';

type Asked = Pick<Job, 'request'>;
type Table = Pick<Desk, 'journal' | 'now' | 'client'>;

/** GitHub allows 5,000 reads an hour per installation; a look every ten seconds takes 360 of them. */
const lookEveryMs = 10_000;

/**
 * What people with write permission say on the issue while a run works. Each comment is told before the agent's next turn and shown
 * 👀. A crash may tell one twice, never lose one: it counts as told only at the next call, when the agent has journalled it.
 */
export async function openSteering(job: Asked, desk: Table): Promise<() => Promise<readonly string[]>> {
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
    const read = fresh.map(({ author, body }) => ({ ...readVisible(body), login: author.login }));
    await keepUnseen(read, desk);
    // Of a comment in which nobody sees anything, nothing is told.
    return read.flatMap(({ login, text }) => (text === '' ? [] : [`${login}: ${text}`]));
  };
}

/** What of a comment people do not see at a glance. */
type Unseen = Pick<VisibleText, 'notable' | 'folded'>;

/** Kept before it is told: a comment told twice after a crash is kept twice, which the note does not show. */
async function keepUnseen(read: readonly VisibleText[], { journal }: Table): Promise<void> {
  const unseen = read
    .filter(({ notable, folded }) => notable.length + folded.length > 0)
    .map(({ notable, folded }): Unseen => ({ notable, folded }));
  if (unseen.length > 0) await journal.append('steered-unseen', unseen);
}

/** What the readers of the pull request should know of how comments made during the work were read. */
export async function gatherSteeringNotes({ journal }: Pick<Table, 'journal'>): Promise<readonly string[]> {
  const entries = await journal.entries('steered-unseen');
  return noteHidden(
    'comments made during the work',
    entries.flatMap(({ data }) => data as Unseen[]), // written above only
  );
}

/** A comment that begins with a slash is a command, to us or to another bot: it has its own way in. */
async function gatherSteering({ request }: Asked, { client }: Table): Promise<readonly CommentFacts[]> {
  const comments = await client.comments(request.subject.number);
  const later = comments.filter(
    ({ id, createdAt, body }) =>
      Date.parse(createdAt) >= Date.parse(request.requestedAt) &&
      !body.trimStart().startsWith('/') &&
      !(request.source.type === 'comment' && request.source.commentId === id),
  );
  return gatherTrusted(later, client);
}
