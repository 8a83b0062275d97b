import { createHash } from 'node:crypto';
import type { WorkRequest } from '../domain/index.ts';

/** How every comment with a plan of ours begins. */
export const proposalMarker = '<!-- backend:plan ';

/** How the comment begins that answers one wish: two plans for one issue are two comments. */
export function proposalMarkerOf(intention: string): string {
  return `${proposalMarker}${wishOf(intention)} `;
}

/** The first line of such a comment: whose wish it answers, and what the issue said. */
export function renderMarker({ intention, seen }: Pick<WorkRequest, 'intention' | 'seen'>): string {
  return `${proposalMarkerOf(intention)}issue:${digestOf(seen)} -->`;
}

/** A marker is one word of harmless characters each, so that nothing in it can end the HTML comment that it is. */
export function wishOf(intention: string): string {
  return intention.replace(/[^\w:.]+/gu, '-');
}

/** Tells whether an issue still says what it said, whether a delivery or the REST API brought it: they write line ends and control characters differently. */
export function digestOf({ title, body }: WorkRequest['seen']): string {
  return createHash('sha256')
    .update(`${plain(title)}\n${plain(body)}`)
    .digest('hex')
    .slice(0, 16);
}

function plain(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?/gu, '\n')
    .replace(/[^\P{Cc}\n\t]/gu, ' ')
    .trim();
}
