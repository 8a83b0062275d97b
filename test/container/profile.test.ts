import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Comparison, renderProfile } from '../../src/container/profile.ts';
import { type Architecture, architectures } from '../../src/isolation/denied-calls.ts';
import { assembleFilter, deniedCalls } from '../../src/isolation/index.ts';
import { runFilter } from '../isolation/filter.ts';

const architecturesByName: readonly Architecture[] = ['x64', 'arm64'];

/** What libseccomp makes of the comparison: an argument is 64 bits wide. */
function holds({ index, op, value, valueTwo = 0 }: Comparison, args: readonly number[]): boolean {
  const argument = BigInt(args[index] ?? 0);
  return op === 'SCMP_CMP_GT' ? argument > BigInt(value) : (argument & BigInt(value)) === BigInt(valueTwo);
}

/** The errnos of all rules that hold for a call; one at most, or an engine would have to choose. */
function answersOf(name: Architecture, call: string, args: readonly number[]): readonly number[] {
  const rules = renderProfile(name).syscalls.filter(({ names }) => names.includes(call));
  return rules.filter((rule) => rule.args.every((each) => holds(each, args))).map(({ errnoRet }) => errnoRet);
}

/** What the filter of bubblewrap's boxes says: the errno, or nothing when the call passes. */
function answersOfFilter(name: Architecture, call: string, args: readonly number[]): readonly number[] {
  const number = deniedCalls.find(({ calls }) => call in calls)?.calls[call]?.[name] ?? -1;
  const audit = architectures.find((each) => each.name === name)?.audit ?? 0;
  const answer = runFilter(assembleFilter(name), { number, audit, args });
  return answer === 0x7fff0000 ? [] : [answer & 0xffff];
}

const calls = deniedCalls.flatMap(({ calls: named }) => Object.keys(named));
const interesting = [
  0, 1, 2, 3, 10, 16, 17, 38, 40, 58, 132, 0x5412, 0x541c, 0x40000, 0x10000000, 0x7e020000, 0xffffffff,
];
const argument = fc.oneof(fc.constantFrom(...interesting), fc.nat(300), fc.integer({ min: 0, max: 0xffffffff }));

describe.each(architecturesByName)('D3: the profile of containers for %s', (name) => {
  it('answers every call as the filter of bubblewrap’s boxes does', () => {
    fc.assert(
      fc.property(fc.constantFrom(...calls), fc.tuple(argument, argument, argument), (call, args) => {
        if (!deniedCalls.some(({ calls: named }) => named[call]?.[name] !== undefined)) return;
        expect(answersOf(name, call, args)).toEqual(answersOfFilter(name, call, args));
      }),
      { numRuns: 3_000 },
    );
  });

  it('refuses arguments with bits that the kernel would cut off', () => {
    for (const family of [40, 38, 17]) expect(answersOf(name, 'socket', [2 ** 32 + family, 1, 0])).not.toEqual([]);
    expect(answersOf(name, 'ioctl', [0, 2 ** 32 + 0x5412, 0])).not.toEqual([]);
  });

  it('lets everything else pass, and is small enough for the kernel', () => {
    const { defaultAction, syscalls } = renderProfile(name);
    expect(defaultAction).toBe('SCMP_ACT_ALLOW');
    expect(syscalls.length).toBeLessThan(400);
    expect(new Set(syscalls.flatMap(({ names }) => names)).has('read')).toBe(false);
  });
});

it('D5: an architecture that we know no numbers of gets no container', () => {
  expect(() => renderProfile('riscv64')).toThrow('There is no system-call filter for riscv64');
});
