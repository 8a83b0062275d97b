import type { Asked, WorkRequest } from './domain/index.ts';
import type { ReviewCommentFacts, ReviewFacts } from './github/index.ts';
import { readVisible, type VisibleText } from './visible/index.ts';
import type { Desk } from './deps.ts';
import { gatherTrusted } from './trusted.ts';

/** What people with write permission ask for on a pull request of ours. */
export interface Heard {
  readonly asked: readonly Asked[];
  /** Whether any of it was said since work was last asked for there, and not only with an approval, which asks for nothing by itself. */
  readonly isNew: boolean;
  /** What of it nobody sees at a glance. */
  readonly unseen: readonly Pick<VisibleText, 'notable' | 'folded'>[];
}

type Table = Pick<Desk, 'journal' | 'client' | 'store' | 'claim' | 'bot'>;

/** The submission takes no more replies. */
const mostAsked = 100;

/**
 * What reviews of a pull request of ours, and the threads on its lines, asked for by the time of the request and after that of the last
 * work: what was said since then asks for itself. Gathered once per job and then journalled, so that an answer keeps its question.
 */
export async function gatherAsked(request: WorkRequest, desk: Table): Promise<Heard> {
  return desk.journal.once('asked', async () => {
    const since = await gatherLastWork(desk);
    const words = await gatherWords(request, desk);
    const items = toItems(words).filter((item) => item.some(({ at }) => at > since));
    const heard = items.slice(-mostAsked);
    return {
      asked: heard.map((item, index): Asked => ({ name: `R${index + 1}`, ...toAsked(item) })),
      isNew: heard.flat().some(({ at, state }) => at > since && state !== 'approved'),
      unseen: heard.flat().map(({ notable, folded }) => ({ notable, folded })),
    };
  });
}

/** One thing that somebody said, as people see it. */
interface Word extends VisibleText {
  readonly author: string;
  /** When it was submitted, in milliseconds since 1970. */
  readonly at: number;
  /** Of its review. */
  readonly state: ReviewFacts['state'] | undefined;
  /** The line that it is about; undefined for a review as a whole. */
  readonly thread: Required<Pick<Asked, 'place' | 'firstId'>> | undefined;
}

/** When the last work here was asked for, in milliseconds since 1970: what was said before it has been read. */
async function gatherLastWork({ store, claim }: Table): Promise<number> {
  const last = (await store.earlier(claim)).findLast(
    ({ plan, outcome }) =>
      plan?.continues !== undefined && (outcome?.type === 'published' || outcome?.type === 'nothing-to-change'),
  );
  return last === undefined ? 0 : Date.parse(last.request.requestedAt);
}

/** What was said by the time of the request, reviews first. What was dismissed says nothing any more. */
async function gatherWords({ subject, requestedAt, source }: WorkRequest, desk: Table): Promise<readonly Word[]> {
  const { client, bot } = desk;
  const reviews = await client.reviews(subject.number);
  const comments = await client.reviewComments(subject.number);
  const byId = new Map(reviews.map((review) => [review.id, review]));
  const reviewOf = ({ reviewId = 0 }: ReviewCommentFacts) => byId.get(reviewId);
  const said = [
    ...reviews.map((review) => ({ ...review, at: Date.parse(review.submittedAt), thread: undefined, isSource: false })),
    ...comments.map((comment) => ({
      ...comment,
      at: Date.parse(reviewOf(comment)?.submittedAt ?? comment.createdAt),
      state: reviewOf(comment)?.state,
      thread: threadOf(comment),
      isSource: source.type === 'review-comment' && source.commentId === comment.id,
    })),
  ];
  const until = Date.parse(requestedAt);
  const seen = said.filter(({ at, state, isSource }) => isSource || (at <= until && state !== 'dismissed'));
  return (await gatherTrusted(seen, client)).flatMap(({ author, body, isSource, ...word }) => {
    const read = readVisible(body);
    const isSaid = read.text !== '' && (isSource || !isCommand(read.text, bot.slug));
    return isSaid ? [{ ...word, ...read, author: author.login }] : [];
  });
}

function threadOf({ id, replyTo, path, line, hunk }: ReviewCommentFacts): Word['thread'] {
  return { firstId: replyTo ?? id, place: { path, ...(line !== undefined && { line }), hunk } };
}

/** A command has its own way in, to us or to another App. */
function isCommand(text: string, slug: string): boolean {
  const [, name] = /^@([\w-]+)/u.exec(text) ?? [];
  return name?.toLowerCase() === slug.toLowerCase() || /^\/[a-z][\w-]{0,63}(?:\s|$)/iu.test(text);
}

/** What belongs together: each thread, and each review by itself. */
function toItems(words: readonly Word[]): readonly (readonly Word[])[] {
  const reviews = words.filter(({ thread }) => thread === undefined).map((word) => [word]);
  const inThreads = words.filter(({ thread }) => thread !== undefined);
  return [...reviews, ...Map.groupBy(inThreads, ({ thread }) => thread?.firstId).values()];
}

function toAsked(item: readonly Word[]): Omit<Asked, 'name'> {
  return { ...item[0]?.thread, said: item.map(({ author, text }) => ({ author, text })) };
}
