import { type Answer, architectures, type Check, type Condition, deniedCalls } from '../isolation/index.ts';
import { BotError } from '../domain/index.ts';

/** One comparison of an argument, as runtimes hand it to libseccomp. `MASKED_EQ`: the argument masked by `value` is `valueTwo`. */
export interface Comparison {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: 'SCMP_CMP_MASKED_EQ' | 'SCMP_CMP_GT';
}

/** Applies when all comparisons hold. */
export interface ProfileRule {
  readonly names: readonly string[];
  readonly action: 'SCMP_ACT_ERRNO';
  readonly errnoRet: number;
  readonly args: readonly Comparison[];
}

/** A seccomp profile as the Open Container Initiative describes it; Docker and Podman read the same file. */
export interface Profile {
  readonly defaultAction: 'SCMP_ACT_ALLOW';
  /** Calls of any other one end the process. */
  readonly architectures: readonly string[];
  readonly syscalls: readonly ProfileRule[];
}

const architectureNames = { x64: 'SCMP_ARCH_X86_64', arm64: 'SCMP_ARCH_AARCH64' } as const;
const errnos = { EPERM: 1, ENOSYS: 38, EPROTONOSUPPORT: 93, EAFNOSUPPORT: 97 } as const;

/** Arguments of the calls in our table are 32 bits wide; the kernel reads no more of them. */
const allBits = 0xffffffff;

/**
 * The table that the filter of bubblewrap's boxes is made of, as a profile. Runtimes try rules in no order that they promise, so no two of ours
 * hold for the same call. Throws BotError `box-unavailable` where we know no numbers of the architecture.
 */
export function renderProfile(architecture: string): Profile {
  const own = architectures.find(({ name }) => name === architecture);
  if (own === undefined)
    throw new BotError(
      'box-unavailable',
      `There is no system-call filter for ${architecture}, and no box without one.`,
    );
  const syscalls = deniedCalls.flatMap(({ calls, answer, checks = [] }) => {
    const names = Object.keys(calls).filter((name) => calls[name]?.[own.name] !== undefined);
    return names.length === 0 ? [] : split(checks, answer).flatMap((rule) => toRule(names, rule));
  });
  return { defaultAction: 'SCMP_ACT_ALLOW', architectures: [architectureNames[own.name]], syscalls };
}

interface Decided {
  readonly answer: Answer;
  readonly args: readonly Comparison[];
}

function toRule(names: readonly string[], { answer, args }: Decided): readonly ProfileRule[] {
  if (answer === 'allow') return []; // what no rule denies
  return [{ names, action: 'SCMP_ACT_ERRNO', errnoRet: errnos[answer], args }];
}

/**
 * Every way through the checks as comparisons that exclude each other: the values of one argument are told apart, those that no check
 * names as well, and for each the same is done with the checks that are left.
 */
function split(checks: readonly Check[], otherwise: Answer): readonly Decided[] {
  const [first] = checks;
  if (first === undefined) return [{ answer: otherwise, args: [] }];
  const [condition] = first.when;
  if (condition === undefined) return [{ answer: first.answer, args: [] }];
  const { argument: index, mask = allBits } = condition;
  const named = new Set(checks.flatMap(({ when }) => when.filter(isAbout(index)).flatMap(({ values }) => values)));
  const ofNamed = [...named].flatMap((value) => {
    const equal: Comparison = { index, op: 'SCMP_CMP_MASKED_EQ', value: mask, valueTwo: value };
    return under(
      [equal],
      split(
        checks.flatMap((check) => given(check, index, value)),
        otherwise,
      ),
    );
  });
  const untouched = checks.filter(({ when }) => !when.some(isAbout(index)));
  return [...ofNamed, ...under(others([...named], index, mask), split(untouched, otherwise))];
}

function isAbout(index: number): (condition: Condition) => boolean {
  return ({ argument }) => argument === index;
}

/** What is left of a check when an argument is known; nothing when it does not hold then. */
function given(check: Check, index: number, value: number): readonly Check[] {
  const [about, rest] = [check.when.filter(isAbout(index)), check.when.filter(({ argument }) => argument !== index)];
  return about.every(({ values }) => values.includes(value)) ? [{ ...check, when: rest }] : [];
}

function under(comparisons: readonly Comparison[], decided: readonly Decided[]): readonly Decided[] {
  return comparisons.flatMap((comparison) =>
    decided.map(({ answer, args }) => ({ answer, args: [comparison, ...args] })),
  );
}

/** Comparisons that hold, one at a time, for every value within the mask but these. */
function others(values: readonly number[], index: number, mask: number): readonly Comparison[] {
  const largest = Math.max(...values);
  const isSmall = mask === allBits && largest < 0x10000;
  const top = isSmall ? 2 ** (32 - Math.clz32(largest)) - 1 : mask;
  const bits = Array.from({ length: 32 }, (_, bit) => 2 ** (31 - bit)).filter((bit) => hasBit(top, bit));
  const high = isSmall ? allBits - top : 0;
  const low = branches(values, bits, { mask: high, value: 0 }).map((place): Comparison => ({
    index,
    op: 'SCMP_CMP_MASKED_EQ',
    value: place.mask,
    valueTwo: place.value,
  }));
  return isSmall ? [...low, { index, op: 'SCMP_CMP_GT', value: top }] : low;
}

interface Branch {
  readonly mask: number;
  readonly value: number;
}

/** The largest branches of a tree of bits that none of the values is in. */
function branches(values: readonly number[], bits: readonly number[], at: Branch): readonly Branch[] {
  if (values.length === 0) return [at];
  const [bit, ...rest] = bits;
  if (bit === undefined) return [];
  return [0, bit].flatMap((set) => {
    const inside = values.filter((value) => hasBit(value, bit) === (set !== 0));
    return branches(inside, rest, { mask: at.mask + bit, value: at.value + set });
  });
}

function hasBit(value: number, bit: number): boolean {
  return Math.floor(value / bit) % 2 === 1;
}
