import { BotError, type Outcome, type WorkRequest } from '../domain/index.ts';
import type { AppIdentity, CommentFacts, RepositoryClient } from '../github/index.ts';
import type { Effects } from '../store/index.ts';
import { neutralise } from '../markdown/index.ts';
import { proposalMarker, proposalMarkerOf } from '../proposal/index.ts';

/** What every effect on GitHub goes through. */
export interface Doors {
  readonly client: RepositoryClient;
  readonly effects: Effects;
  readonly bot: AppIdentity;
}

/** Shows 👀 on what asked. GitHub keeps one reaction of a kind per account, so doing it again changes nothing. */
export async function ensureSeen(request: WorkRequest, doors: Pick<Doors, 'client'>): Promise<void> {
  await react(request, 'eyes', doors);
}

/** Shows on what asked how it ended. Safe to repeat, as above. */
export async function ensureEnded(request: WorkRequest, outcome: Outcome, doors: Pick<Doors, 'client'>): Promise<void> {
  await react(request, endings[outcome.type], doors);
}

type Reaction = Parameters<RepositoryClient['addReaction']>[1];

const endings: Readonly<Record<Outcome['type'], Reaction>> = {
  published: 'rocket',
  'nothing-to-change': '+1',
  answered: '+1',
  planned: '+1',
  stopped: '+1',
  ignored: 'confused',
  declined: 'confused',
  failed: 'confused',
};

async function react({ source, subject }: WorkRequest, content: Reaction, { client }: Pick<Doors, 'client'>) {
  const target = targetOf(source, subject);
  try {
    await client.addReaction(target, content);
  } catch (error) {
    // A comment that was deleted since needs no reaction; the wish stands.
    if (!(error instanceof BotError) || error.code !== 'github-gone') throw error;
  }
}

/** GitHub takes no reaction on a review as a whole; there the pull request stands for it. */
function targetOf(source: WorkRequest['source'], { number }: WorkRequest['subject']) {
  if (source.type === 'comment') return { comment: source.commentId };
  return source.type === 'review-comment' ? { reviewComment: source.commentId } : { issue: number };
}

/** One comment for a request that is answered or declined, however often this is called. */
export async function ensureReply(request: WorkRequest, text: string, { client, effects, bot }: Doors): Promise<void> {
  const { number } = request.subject;
  const marker = replyMarker(request.intention);
  await effects.ensure(`reply:${request.intention}`, {
    look: async () => (await findOurs(client, bot, { number, marker }))?.id,
    make: async () => (await client.createComment(number, `${marker}\n${neutralise(text)}`)).id,
  });
}

/** One comment for the plan that a request asked for, whose text begins with its marker. Answers the comment's id. */
export async function ensureProposal(
  request: WorkRequest,
  text: string,
  { client, effects, bot }: Doors,
): Promise<number> {
  const { subject, intention } = request;
  const wanted = { number: subject.number, marker: proposalMarkerOf(intention) };
  return effects.ensure(`plan:${intention}`, {
    look: async () => (await findOurs(client, bot, wanted))?.id,
    make: async () => (await client.createComment(subject.number, text)).id,
  });
}

function replyMarker(intention: string): string {
  return `<!-- backend:reply ${intention.replace(/[^\w:.]/g, '-').replaceAll('--', '- -')} -->`;
}

/** How each kind of comment of ours begins, by the key of its effect. */
export const statusMarker = '<!-- backend:status';
const markers: readonly (readonly [prefix: string, marker: (rest: string) => string])[] = [
  ['status:', () => statusMarker],
  ['reply:', replyMarker],
  ['plan:', proposalMarkerOf],
];

/**
 * Deletes what a comment of ours has besides itself: made a second time because GitHub did not show the first yet. `key` is the
 * effect's; of other effects there is never a second.
 */
export async function removeTwins(
  { key, keep, number }: { readonly key: string; readonly keep: number; readonly number: number },
  { client, bot }: Pick<Doors, 'client' | 'bot'>,
): Promise<void> {
  const [prefix, marker] = markers.find(([start]) => key.startsWith(start)) ?? [];
  if (prefix === undefined || marker === undefined) return;
  const start = marker(key.slice(prefix.length));
  const ours = await listOurs(client, bot, { number, marker: start });
  if (!ours.some(({ id }) => id === keep)) return; // still not shown, or deleted by a person: nothing is a twin of nothing
  for (const { id } of ours) if (id !== keep) await client.deleteComment(id);
}

/** The oldest comment that begins with the marker and that we wrote: anybody can copy a marker, so the author counts. */
export async function findOurs(
  client: RepositoryClient,
  bot: AppIdentity,
  wanted: Wanted,
): Promise<CommentFacts | undefined> {
  return (await listOurs(client, bot, wanted))[0];
}

/** The newest comment with a plan of ours, whoever edited it since. */
export async function findNewestProposal(
  client: RepositoryClient,
  bot: AppIdentity,
  number: number,
): Promise<CommentFacts | undefined> {
  return (await listOurs(client, bot, { number, marker: proposalMarker })).at(-1);
}

interface Wanted {
  readonly number: number;
  readonly marker: string;
}

async function listOurs(client: RepositoryClient, bot: AppIdentity, { number, marker }: Wanted) {
  return (await client.comments(number)).filter((each) => isOurs(each, bot) && each.body.startsWith(marker));
}

function isOurs({ author, appId }: CommentFacts, bot: AppIdentity): boolean {
  return author.id === bot.botId && (appId === undefined || appId === bot.id);
}
