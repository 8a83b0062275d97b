import { createHash } from 'node:crypto';
import type { Outcome, WorkRequest } from './domain/index.ts';
import { renderDelegated } from './ways/index.ts';
import type { Desk } from './deps.ts';

/** GitHub's clock may be behind ours by less than this. */
const clockMs = 60 * 60_000;

/**
 * Work that was delegated without an issue gets one, opened by us, where its state can be shown and it can be stopped; there it is asked for
 * by whoever delegated it. Safe to repeat: the issue is looked for by marker and author, and the wish is the same wish.
 */
export async function openIssueFor(request: WorkRequest, { client, effects, bot, store }: Desk): Promise<Outcome> {
  const { marker, title, body } = renderDelegated(request);
  const since = new Date(Date.parse(request.requestedAt) - clockMs).toISOString();
  const number = await effects.ensure(`issue:${request.intention}`, {
    look: async () => {
      const ours = await client.issuesBy(bot.botLogin, since);
      return ours.find((issue) => issue.author.id === bot.botId && issue.body.startsWith(marker))?.number;
    },
    make: async () => (await client.createIssue({ title, body })).number,
  });
  const subject = { kind: 'issue', number } as const;
  const intention = `issue-${request.intention}`;
  const id = `${request.repository.id}:${intention}`;
  const bodyHash = createHash('sha256').update(id).digest('hex');
  const asked = { ...request, subject, seen: { title, body }, intention };
  await store.receive({ id, event: 'delegation', bodyHash }, { type: 'work', request: asked });
  return { type: 'answered' };
}
