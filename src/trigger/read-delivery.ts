import type { Account, WorkRequest } from '../domain/index.ts';
import type { Reading } from '../store/index.ts';
import { isPerson, type Arrival } from './origin.ts';
import { Payload, readAbout, type About } from './payload.ts';
import { readRemoval, removalEvents } from './removals.ts';
import { looseTriggers, triggers } from './triggers.ts';
import type { Ask, Bot, Trigger } from './triggers.ts';

/** Every kind of delivery that concerns us, as `event.action`. */
export const wantedEvents: ReadonlySet<string> = new Set([
  ...[...triggers, ...looseTriggers].map(({ event }) => event),
  ...removalEvents,
]);

/**
 * What one delivery asks of us. `event` is GitHub's `X-GitHub-Event`, `payload` the parsed body, whose signature was checked before.
 * Never throws: a payload that is not shaped as GitHub documents it is ignored like any other that asks for nothing, with a reason.
 */
export function readDelivery(event: string, payload: unknown, bot: Bot, arrival: Arrival): Reading {
  const kind = `${event}.${readAction(payload)}`;
  const loose = looseTriggers.find((row) => row.event === kind);
  if (loose !== undefined) return readLoose(loose.read(payload, arrival), bot);
  const trigger = triggers.find((row) => row.event === kind);
  if (trigger === undefined) return readRemoval(event, payload) ?? ignored('this kind of delivery asks for nothing');
  const { success, data, error } = Payload.safeParse(payload);
  if (!success) return ignored(`the payload is malformed at ${error.issues[0]?.path.join('.') ?? 'its root'}`);
  return readWish(trigger, data, bot);
}

function readLoose(read: WorkRequest | string, bot: Bot): Reading {
  if (typeof read === 'string') return ignored(read);
  return isUs(read.sender, bot) ? ignored(sentByUs) : { type: 'work', request: read };
}

function readWish(trigger: Trigger, payload: Payload, bot: Bot): Reading {
  const about = readAbout(payload);
  if (about === undefined) return ignored('the payload is malformed at issue');
  if (payload.installation === undefined) return ignored('the delivery belongs to no installation');
  const machine = trigger.byMachines ? undefined : isMachine(payload, trigger, bot);
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

const sentByUs = 'we sent it ourselves';

/** Why the sender may not ask, if it may not. */
function isMachine({ sender, comment }: Payload, { byApps }: Trigger, bot: Bot): string | undefined {
  if (comment?.performed_via_github_app?.id === bot.appId || isUs(sender, bot)) return sentByUs;
  const mayAsk = isPerson(sender) || (byApps && sender.type === 'Bot' && sender.login.endsWith('[bot]'));
  return mayAsk ? undefined : 'only people start work, and the sender is not one';
}

function isUs({ login }: Pick<Account, 'login'>, { slug }: Bot): boolean {
  return login.toLowerCase() === `${slug}[bot]`.toLowerCase();
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
