import { numberOf } from '../isolation/index.ts';
import type { Probe } from './probes.ts';

/** A system call with its arguments as Perl text, chosen so that the kernel would do it or complain of something else than the filter. */
type CallRow = readonly [name: string, call: string, args: string];

const newUser = 0x10000000;
const childEnds = 17; // SIGCHLD

const calls: readonly CallRow[] = [
  ['a socket to the hypervisor', 'socket', '40, 1, 0'],
  ['a socket below the network', 'socket', '17, 2, 0'],
  ['a socket into the kernel’s ciphers', 'socket', '38, 5, 0'],
  ['a raw socket', 'socket', '2, 3, 1'],
  ['a rare protocol', 'socket', '2, 1, 132'],
  ['netlink besides routes', 'socket', '16, 3, 9'],
  ['io_uring', 'io_uring_setup', '1, $b'],
  ['bpf', 'bpf', '0, $b, 128'],
  ['keyrings', 'keyctl', '0, -3, 0'],
  ['userfaultfd', 'userfaultfd', '1'],
  ['performance events', 'perf_event_open', '$b, 0, -1, -1, 0'],
  ['opening by handle', 'open_by_handle_at', '-1, $b, 0'],
  ['unshare', 'unshare', String(newUser)],
  ['clone with a new namespace', 'clone', `${newUser + childEnds}, 0, 0, 0, 0`],
  ['clone3', 'clone3', '0, 0'],
  ['the new calls for mounting', 'fsopen', '0, 0'],
  ['old behaviours of the kernel', 'personality', String(0x0400000)],
  ['typing into a terminal', 'ioctl', `0, 21522, $b`],
];

const getpid: Readonly<Record<string, number>> = { x64: 39, arm64: 172 };

/** Errno of a call that the filter refused: EPERM, ENOSYS, EPROTONOSUPPORT, EAFNOSUPPORT. */
const refused = '1|38|93|97';

/**
 * What the filter keeps from a box. Each call is made by Perl, which Debian always has. Without it only the first probe says anything: that there is a filter.
 */
export const callProbes: readonly Probe[] = [
  {
    name: 'a life without the filter',
    script: "! grep -qE '^Seccomp:[[:space:]]+2$' /proc/self/status",
    expect: 'denied',
  },
  {
    name: 'a harmless system call',
    script: `command -v perl || exit 0; perl -e 'exit(syscall(${getpid[process.arch] ?? -1}) == $$ ? 0 : 1)'`,
    expect: 'allowed',
  },
  ...calls.map(([name, call, args]): Probe => ({ name, script: makeCall(call, args), expect: 'denied' })),
];

/** Succeeds when the call reaches the kernel, whatever that says. `$b` is some memory. */
function makeCall(call: string, args: string): string {
  const made = `syscall(${numberOf(call) ?? -1}, ${args})`;
  return `perl -e '$b = "\\0" x 128; exit(${made} < 0 && ($! + 0) =~ /^(?:${refused})$/ ? 1 : 0)'`;
}

/** A Unix socket of the host, by the path that it has there. */
export function connectToPath(path: string): string {
  return `perl -e 'exit(socket(S, 1, 1, 0) && connect(S, pack("S a108", 1, "${path}")) ? 0 : 1)'`;
}
