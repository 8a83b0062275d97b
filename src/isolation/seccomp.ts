import { BotError } from '../domain/index.ts';
import { type Answer, architectures, type Check, type Condition, deniedCalls } from './denied-calls.ts';

/** One instruction of the kernel's packet filter language: what, where to when it holds and when not, and its constant. */
type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, constant: number];

/** The words of the language that are used here, as <linux/filter.h> has them. */
const load = 0x20;
const and = 0x54;
const ifEqual = 0x15;
const ifAtLeast = 0x35;
const answerWith = 0x06;

/** Where things are in what a filter sees of a call: its number, the architecture it was made for, and its arguments of 8 bytes. */
const numberAt = 0;
const architectureAt = 4;
const argumentsAt = 16;

/** Calls of the x32 interface have this bit: the same calls under other numbers. */
const x32Bit = 0x40000000;

const killProcess = 0x80000000;
const allow = 0x7fff0000;
const refuse = 0x00050000;

/**
 * The system-call filter of a box, ready for `bwrap --seccomp`: an array of the kernel's `struct sock_filter`. Calls of another architecture end
 * the process, denied ones fail with their errno, all others pass. Throws BotError `box-unavailable` where we know no numbers of the architecture.
 */
export function assembleFilter(architecture: string): Buffer {
  const own = architectures.find(({ name }) => name === architecture);
  if (own === undefined) throw unknown(architecture);
  const rows = deniedCalls.flatMap(({ calls, answer, checks }) =>
    Object.values(calls).flatMap((numbers) => denyCall(numbers[own.name], answer, checks ?? [])),
  );
  return encode([
    [load, 0, 0, architectureAt],
    [ifEqual, 1, 0, own.audit],
    [answerWith, 0, 0, killProcess],
    [load, 0, 0, numberAt],
    ...(own.hasX32 ? ([[ifAtLeast, 0, 1, x32Bit], answer('ENOSYS')] as const) : []),
    ...rows,
    answer('allow'),
  ]);
}

function unknown(architecture: string): BotError {
  const known = architectures.map(({ name }) => name).join(' and ');
  return new BotError(
    'box-unavailable',
    `There is no system-call filter for ${architecture}, and no box without one: run on ${known}.`,
  );
}

/** Looks at the call's arguments only when it is this call; always ends with an answer then, so that the number stays loaded for the next one. */
function denyCall(number: number | undefined, otherwise: Answer, checks: readonly Check[]): readonly Instruction[] {
  if (number === undefined) return [];
  const body = [...checks.flatMap(({ when, answer: then }) => assembleCheck(when, then)), answer(otherwise)];
  return [[ifEqual, 0, body.length, number], ...body];
}

/** Falls through to what comes next unless every condition holds. Only the low half of an argument counts: the kernel reads no more of these. */
function assembleCheck([first, ...others]: readonly Condition[], then: Answer): readonly Instruction[] {
  if (first === undefined) return [answer(then)];
  const rest = assembleCheck(others, then);
  const { argument, mask, values } = first;
  const tests = values.map((value, index): Instruction => {
    const left = values.length - 1 - index;
    return [ifEqual, left, left === 0 ? rest.length : 0, value];
  });
  const masked: readonly Instruction[] = mask === undefined ? [] : [[and, 0, 0, mask]];
  return [[load, 0, 0, argumentsAt + 8 * argument], ...masked, ...tests, ...rest];
}

const errnos = { EPERM: 1, ENOSYS: 38, EPROTONOSUPPORT: 93, EAFNOSUPPORT: 97 } as const;

function answer(what: Answer): Instruction {
  return [answerWith, 0, 0, what === 'allow' ? allow : refuse | errnos[what]];
}

function encode(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, [code, jumpTrue, jumpFalse, constant]] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(jumpTrue, index * 8 + 2);
    bytes.writeUInt8(jumpFalse, index * 8 + 3);
    bytes.writeUInt32LE(constant, index * 8 + 4);
  }
  return bytes;
}
