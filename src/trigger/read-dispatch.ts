import { z } from 'zod';
import type { WorkRequest } from '../domain/index.ts';
import { Origin, readOrigin, type Arrival } from './origin.ts';
import { Text } from './payload.ts';

const Dispatch = z.object({ ...Origin.shape, client_payload: z.record(z.string(), z.unknown()).nullish() });

/** GitHub takes a payload of at most 65,535 characters ("Create a repository dispatch event"). */
const longestInstruction = 60_000;
const longestName = 100;

/** No repository gets near; a database's integer ends there. */
const largestNumber = 2_147_483_647;

/**
 * Work that a program hands over by `repository_dispatch`, in a payload of its own: `{ issue?, instruction, from }`. What is missing in it is
 * policy's to answer, as long as there is an issue to answer on. Number 0 stands for an issue that is still to be opened.
 */
export function readDispatch(payload: unknown, arrival: Arrival): WorkRequest | string {
  const { success, data, error } = Dispatch.safeParse(payload);
  if (!success) return `the payload is malformed at ${error.issues[0]?.path.join('.') ?? 'its root'}`;
  const { issue, instruction, from } = data.client_payload ?? {};
  const number = issue === undefined || issue === null ? 0 : readNumber(issue);
  if (number === undefined) return 'client_payload.issue is not the number of an issue';
  const text = readText(instruction, longestInstruction);
  if (number === 0 && text === '') return 'client_payload.instruction is missing';
  return {
    ...readOrigin(data, arrival),
    verb: 'implement',
    said: 'implement',
    via: 'dispatch',
    trigger: readText(from, longestName),
    subject: { kind: 'issue', number },
    instruction: text,
    intention: `dispatch:${arrival.id}`,
  };
}

function readNumber(issue: unknown): number | undefined {
  const isOne = typeof issue === 'number' && Number.isInteger(issue) && issue >= 1 && issue <= largestNumber;
  return isOne ? issue : undefined;
}

function readText(value: unknown, longest: number): string {
  const { success, data } = Text.safeParse(value);
  return success ? data.slice(0, longest).toWellFormed().trim() : '';
}
