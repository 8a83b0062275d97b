import type { Account, WorkRequest } from '../domain/index.ts';
import { neutralise, plainTitle, shortCode } from '../markdown/index.ts';
import type { Settings } from '../settings/index.ts';

/** Whether the settings let this App ask for work. Their list names Apps by login, as GitHub writes it beside what they say. */
export function isDelegator({ login, type }: Account, { delegators }: Settings['triggers']): boolean {
  return type === 'Bot' && delegators.some((listed) => listed.toLowerCase() === login.toLowerCase());
}

/** How often one App is heard in a day on one issue or pull request, or without any: two programs must not keep each other busy. */
export const mostRounds = 10;

const dayMs = 24 * 60 * 60_000;

type Round = Pick<WorkRequest, 'sender' | 'requestedAt'>;

/** How far an App is with its rounds, given what was asked on the same subject before. At the limit it is told so, once. */
export function countRounds(
  { sender, requestedAt }: Round,
  earlier: readonly { readonly request: Round }[],
): 'go on' | 'just over' | 'over' {
  const since = Date.parse(requestedAt) - dayMs;
  const isRound = ({ request }: { readonly request: Round }) =>
    request.sender.id === sender.id && Date.parse(request.requestedAt) > since;
  const rounds = sender.type === 'Bot' ? earlier.filter(isRound).length : 0;
  if (rounds < mostRounds) return 'go on';
  return rounds === mostRounds ? 'just over' : 'over';
}

/** What is missing in the `client_payload` of a dispatch, in Markdown; undefined when nothing is. */
export function findDispatchFault({ via, instruction, trigger }: WorkRequest): string | undefined {
  if (via !== 'dispatch') return undefined;
  const missing = [
    ...(/[\p{L}\p{N}]/u.test(instruction) ? [] : ['`client_payload.instruction`, which says what to do']),
    ...(/[\p{L}\p{N}]/u.test(trigger) ? [] : ['`client_payload.from`, which says who delegates']),
  ];
  if (missing.length === 0) return undefined;
  const example = shortCode('{"issue": 7, "instruction": "Add a health endpoint", "from": "task-planner"}');
  return `Work was delegated here by a dispatch that lacks ${missing.join(' and ')}, so nothing was started. A right one is ${example}.`;
}

/** The issue that delegated work gets where none was named. Whoever looks for it later knows it by its marker. */
export function renderDelegated({ instruction, trigger, sender, intention }: WorkRequest) {
  const marker = `<!-- backend:delegated ${intention.replace(/[^\w:.]/gu, '-').replaceAll('--', '- -')} -->`;
  const title = plainTitle(instruction.split('\n', 1)[0] ?? '', 'Delegated work');
  const from = `*Delegated by ${shortCode(trigger)} through a dispatch of ${shortCode(sender.login)}.*`;
  return { marker, title, body: `${marker}\n${neutralise(instruction)}\n\n---\n${from}` };
}
