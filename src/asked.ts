import type { Asked, Job } from './domain/index.ts';
import type { ReviewCommentFacts, ReviewFacts } from './github/index.ts';
import { readVisible } from './visible/index.ts';
import type { Desk } from './deps.ts';
import { gatherTrusted } from './trusted.ts';

/**
 * What people with write permission ask for on a pull request of ours, and nobody answered yet: threads whose last word is theirs, and
 * what reviews say as a whole, both since work was last asked for here. Gathered once per job and then journalled, so that an answer
 * keeps its question.
 */
export async function gatherAsked({ plan, id }: Job, desk: Desk): Promise<readonly Asked[]> {
  const { continues } = plan;
  if (continues === undefined) return [];
  return desk.journal.once('asked', async () => {
    const { client } = desk;
    const since = await gatherLastWork(id, desk);
    const reviews = await gatherReviews(await client.reviews(continues.pullNumber), since, desk);
    const threads = await gatherThreads(await client.reviewComments(continues.pullNumber), since, desk);
    return [...reviews, ...threads].map((asked, index): Asked => ({ ...asked, name: `R${index + 1}` }));
  });
}

type Unnamed = Omit<Asked, 'name'>;

/** When the last work here was asked for (milliseconds since 1970): what was said before it has been read. */
async function gatherLastWork(jobId: string, { store, claim }: Desk): Promise<number> {
  const earlier = await store.earlier(claim);
  const last = earlier.findLast(
    ({ jobId: other, plan, outcome }) =>
      other !== jobId &&
      plan?.continues !== undefined &&
      (outcome?.type === 'published' || outcome?.type === 'nothing-to-change'),
  );
  return last === undefined ? 0 : Date.parse(last.request.requestedAt);
}

async function gatherThreads(
  comments: readonly ReviewCommentFacts[],
  since: number,
  { client, bot }: Desk,
): Promise<readonly Unnamed[]> {
  const threads = Map.groupBy(comments, ({ id, replyTo }) => replyTo ?? id);
  const open = [...threads].filter(([, talk]) => isOpen(talk.at(-1), since, bot.botId));
  const asked = open.map(async ([firstId, talk]): Promise<readonly Unnamed[]> => {
    const said = (await gatherTrusted(talk, client)).flatMap(readSaid);
    const [first] = talk;
    if (said.length === 0 || first === undefined) return [];
    const { path, line, hunk } = first;
    return [{ said, place: { path, ...(line !== undefined && { line }), hunk }, firstId }];
  });
  return (await Promise.all(asked)).flat();
}

function isOpen(last: ReviewCommentFacts | undefined, since: number, botId: number): boolean {
  return last !== undefined && last.author.id !== botId && Date.parse(last.createdAt) > since;
}

async function gatherReviews(
  reviews: readonly ReviewFacts[],
  since: number,
  { client }: Desk,
): Promise<readonly Unnamed[]> {
  const fresh = reviews.filter(({ state, submittedAt }) => state !== 'dismissed' && Date.parse(submittedAt) > since);
  return (await gatherTrusted(fresh, client)).flatMap((review) => {
    const said = readSaid(review);
    return said.length === 0 ? [] : [{ said }];
  });
}

/** A command has its own way in. */
function readSaid({ author, body }: Pick<ReviewFacts, 'author' | 'body'>): Asked['said'] {
  const { text } = readVisible(body);
  return text === '' || text.startsWith('/') ? [] : [{ author: author.login, text }];
}
