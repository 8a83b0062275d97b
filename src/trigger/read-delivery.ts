import type { WorkRequest } from '../domain/index.ts';
import type { Reading } from '../store/index.ts';
import { Payload, readAbout, type About } from './payload.ts';
import { readRemoval, removalEvents } from './removals.ts';
import { triggers } from './triggers.ts';
import type { Ask, Bot, Trigger } from './triggers.ts';

/** Every kind of delivery that concerns us, as `event.action`. */
export const wantedEvents: ReadonlySet<string> = new Set([...triggers.map(({ event }) => event), ...removalEvents]);

/**
 * What one delivery asks of us. `event` is GitHub's `X-GitHub-Event`, `payload` the parsed body, whose signature was checked before.
 * Never throws: a payload that is not shaped as GitHub documents it is ignored like any other that asks for nothing, with a reason.
 */
export function readDelivery(event: string, payload: unknown, bot: Bot): Reading {
  const trigger = triggers.find((row) => row.event === `${event}.${readAction(payload)}`);
  if (trigger === undefined) return readRemoval(event, payload) ?? ignored('this kind of delivery asks for nothing');
  const { success, data, error } = Payload.safeParse(payload);
  if (!success) return ignored(`the payload is malformed at ${error.issues[0]?.path.join('.') ?? 'its root'}`);
  return readWish(trigger, data, bot);
}

function readWish(trigger: Trigger, payload: Payload, bot: Bot): Reading {
  const about = readAbout(payload);
  if (about === undefined) return ignored('the payload is malformed at issue');
  if (payload.installation === undefined) return ignored('the delivery belongs to no installation');
  const machine = trigger.byMachines ? undefined : isMachine(payload, bot);
  if (machine !== undefined) return ignored(machine);
  const ask = trigger.read(payload, about, bot);
  if (typeof ask === 'string') return ignored(ask);
  const request = toRequest(ask, { ...payload, about, installationId: payload.installation.id });
  return { type: ask.verb === 'stop' ? 'stop' : 'work', request };
}

function readAction(payload: unknown): string {
  const hasAction = typeof payload === 'object' && payload !== null && 'action' in payload;
  return hasAction && typeof payload.action === 'string' ? payload.action : '';
}

function ignored(reason: string): Reading {
  return { type: 'ignored', reason };
}

/** Why the sender is not a person, if it is not. Accounts of Apps end in `[bot]`, a suffix that nobody can register. */
function isMachine({ sender, comment }: Payload, bot: Bot): string | undefined {
  if (comment?.performed_via_github_app?.id === bot.appId) return 'we sent it ourselves';
  if (sender.type !== 'User' || sender.login.endsWith('[bot]'))
    return 'only people start work, and the sender is not one';
  return undefined;
}

type From = Pick<Payload, 'repository' | 'sender'> & { readonly about: About; readonly installationId: number };

function toRequest(ask: Ask, { repository, about, sender, installationId }: From): WorkRequest {
  const { kind, subject } = about;
  return {
    ...ask,
    repository: { id: repository.id, owner: repository.owner.login, name: repository.name, installationId },
    subject: { kind, number: subject.number },
    seen: { title: subject.title, body: subject.body ?? '' },
    sender: { id: sender.id, login: sender.login, type: sender.type === 'User' ? 'User' : 'Bot' },
    round: 0,
  };
}
