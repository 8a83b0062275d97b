import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { architectures, type Architecture } from '../../src/isolation/denied-calls.ts';
import { assembleFilter, deniedCalls } from '../../src/isolation/index.ts';
import { callProbes } from '../../src/sandbox/call-probes.ts';
import { makeCheckout, type TestCheckout } from '../sandbox/checkout.ts';
import { runFilter } from './filter.ts';
import { prepareMutant, runAsBox } from './launch.ts';

const kill = 0x80000000;
const allowed = 0x7fff0000;
const errno = { EPERM: 0x50001, ENOSYS: 0x50026, EPROTONOSUPPORT: 0x5005d, EAFNOSUPPORT: 0x50061 };
const names: readonly Architecture[] = ['x64', 'arm64'];

function auditOf(wanted: Architecture): number {
  return architectures.find(({ name }) => name === wanted)?.audit ?? 0;
}

function decide(name: Architecture, call: string, args: readonly number[]): number {
  const number = deniedCalls.find(({ calls }) => call in calls)?.calls[call]?.[name] ?? -2;
  return runFilter(assembleFilter(name), { number, audit: auditOf(name), args });
}

describe.each(names)('D3: the system-call filter for %s', (name) => {
  it('answers every call of the table as it says when no check does', () => {
    const filter = assembleFilter(name);
    for (const { calls, answer } of deniedCalls)
      for (const numbers of Object.values(calls)) {
        const number = numbers[name];
        if (number === undefined) continue;
        const args = [0x7e020099, 0xffff, 0x777]; // what no check lets through
        const expected = answer === 'allow' ? allowed : errno[answer];
        expect(runFilter(filter, { number, audit: auditOf(name), args })).toBe(expected);
      }
  });

  it('lets all other calls pass', () => {
    const denied = new Set(deniedCalls.flatMap(({ calls }) => Object.values(calls).map((numbers) => numbers[name])));
    const others = Array.from({ length: 600 }, (_, number) => number).filter((number) => !denied.has(number));
    const filter = assembleFilter(name);
    for (const number of others) expect(runFilter(filter, { number, audit: auditOf(name) })).toBe(allowed);
  });

  it.each<[string, string, readonly number[], keyof typeof errno | 'allow']>([
    ['a Unix socket', 'socket', [1, 1, 0], 'allow'],
    ['a TCP socket that closes on exec', 'socket', [2, 0x80801, 0], 'allow'],
    ['a UDP socket', 'socket', [10, 2, 17], 'allow'],
    ['a ping', 'socket', [2, 2, 1], 'allow'],
    ['the list of routes, as getaddrinfo asks for it', 'socket', [16, 0x80003, 0], 'allow'],
    ['netlink of audits', 'socket', [16, 3, 9], 'EPERM'],
    ['netlink of filters as datagrams', 'socket', [16, 2, 12], 'EAFNOSUPPORT'],
    ['AF_VSOCK', 'socket', [40, 1, 0], 'EAFNOSUPPORT'],
    ['AF_VSOCK with bits that the kernel cuts off', 'socket', [0x100000028, 1, 0], 'EAFNOSUPPORT'],
    ['AF_PACKET', 'socket', [17, 3, 0], 'EPERM'],
    ['AF_PACKET for datagrams', 'socket', [17, 2, 0], 'EAFNOSUPPORT'],
    ['AF_ALG', 'socket', [38, 5, 0], 'EAFNOSUPPORT'],
    ['a raw socket that closes on exec', 'socket', [2, 0x80003, 1], 'EPERM'],
    ['SCTP', 'socket', [2, 1, 132], 'EPROTONOSUPPORT'],
    ['a pair of Unix sockets', 'socketpair', [1, 1, 0], 'allow'],
    ['a pair of TIPC sockets', 'socketpair', [30, 1, 0], 'EAFNOSUPPORT'],
    ['a fork', 'clone', [0x1200011], 'allow'],
    ['a thread', 'clone', [0x3d0f00], 'allow'],
    ['a user namespace', 'clone', [0x10000011], 'EPERM'],
    ['a network namespace', 'clone', [0x40000011], 'EPERM'],
    ['asking for the personality', 'personality', [0xffffffff], 'allow'],
    ['what debuggers ask for', 'personality', [0x40000], 'allow'],
    ['memory that is executable when readable', 'personality', [0x400000], 'EPERM'],
    ['the size of a terminal', 'ioctl', [0, 0x5413], 'allow'],
    ['TIOCSTI', 'ioctl', [0, 0x5412], 'EPERM'],
    ['TIOCSTI with bits that the kernel cuts off', 'ioctl', [0, 0x100005412], 'EPERM'],
  ])('decides about %s by its arguments', (_what, call, args, answer) => {
    expect(decide(name, call, args)).toBe(answer === 'allow' ? allowed : errno[answer]);
  });

  it('ends what calls by the numbers of another architecture', () => {
    for (const audit of [0x40000003, 0x40000028, auditOf(name === 'x64' ? 'arm64' : 'x64')])
      expect(runFilter(assembleFilter(name), { number: 1, audit })).toBe(kill);
  });
});

it('D3: the calls of the x32 interface are none, as they are the same under other numbers', () => {
  for (const number of [0x40000000 + 41, 0x40000000 + 321, -1])
    expect(runFilter(assembleFilter('x64'), { number, audit: auditOf('x64') })).toBe(errno.ENOSYS);
});

it('D5: an architecture that we know no numbers of gets no box', () => {
  expect(() => assembleFilter('riscv64')).toThrow(
    expect.objectContaining({
      code: 'box-unavailable',
      message: expect.stringContaining('x64 and arm64') as string,
    }) as Error,
  );
});

describe('D3: system calls in a box', () => {
  const attempts = callProbes.map(({ script }, index) => `( ${script} ) > /dev/null 2>&1 && echo ${index}`).join('\n');
  let checkout: TestCheckout;
  beforeAll(async () => {
    checkout = await makeCheckout({});
  });
  afterAll(() => checkout[Symbol.asyncDispose]());

  async function reach(filtered: boolean): Promise<readonly string[]> {
    const { launch, ...rest } = await prepareMutant(checkout, filtered ? {} : { without: '--seccomp', words: 2 });
    const prepared = { ...rest, launch: filtered ? launch : { ...launch, filter: Buffer.alloc(0) } };
    const printed = await runAsBox(prepared, attempts);
    return printed.split('\n').flatMap((line) => (line === '' ? [] : [callProbes[Number(line)]?.name ?? line]));
  }

  it('reach the kernel when there is no filter', async () => {
    const sure = ['keyrings', 'opening by handle', 'unshare', 'clone with a new namespace', 'clone3'];
    const more = ['old behaviours of the kernel', 'typing into a terminal', 'a life without the filter'];
    expect(await reach(false)).toEqual(expect.arrayContaining([...sure, ...more]));
  });

  it('do not when there is one, the harmless ones excepted', async () => {
    expect(await reach(true)).toEqual(['a harmless system call']);
  });
});
