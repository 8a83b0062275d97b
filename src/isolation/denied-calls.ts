/** The system calls that a box is refused. Numbers are those of the kernel's <asm/unistd.h>, which never change once given. */

export type Architecture = 'x64' | 'arm64';

/** `audit` is how the kernel calls it in <linux/audit.h>. */
export const architectures: readonly { name: Architecture; audit: number; hasX32: boolean }[] = [
  { name: 'x64', audit: 0xc000003e, hasX32: true },
  { name: 'arm64', audit: 0xc00000b7, hasX32: false },
];

/** What the caller gets. ENOSYS makes libraries fall back to an older call. */
export type Answer = 'allow' | 'EPERM' | 'ENOSYS' | 'EAFNOSUPPORT' | 'EPROTONOSUPPORT';

/** Holds when the argument, counted from 0 and masked, is one of the values. */
export interface Condition {
  readonly argument: 0 | 1 | 2;
  readonly mask?: number;
  readonly values: readonly number[];
}

/** The first check whose conditions all hold gives the answer. */
export interface Check {
  readonly when: readonly Condition[];
  readonly answer: Answer;
}

export interface DeniedCalls {
  readonly calls: Readonly<Record<string, Readonly<Partial<Record<Architecture, number>>>>>;
  /** Given when no check says otherwise. */
  readonly answer: Answer;
  readonly checks?: readonly Check[];
  readonly why: string;
}

const family = { unix: 1, inet: 2, inet6: 10, netlink: 16 };
const rawType = 3;
const packetType = 10;
/** Whatever the family has, ICMP (what ping does without privileges), TCP, UDP, ICMPv6. */
const protocols = [0, 1, 6, 17, 58];
const routeProtocol = 0;
/** NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const newNamespaces = 0x7e020000;
const addressesNotRandom = 0x40000;

/**
 * A deny list: programs of a repository are programs of all kinds and must run. Not in it, on purpose: ptrace and process_vm_readv, which debuggers
 * and sanitizers need and which reach only processes of the same box; and AF_UNIX, which Node, Python and databases under test need: abstract
 * sockets belong to the network namespace and paths to the mount namespace, so a box has only its own.
 */
export const deniedCalls: readonly DeniedCalls[] = [
  {
    calls: { socket: { x64: 41, arm64: 198 } },
    answer: 'EAFNOSUPPORT',
    checks: [
      {
        when: [
          { argument: 0, values: [family.netlink] },
          { argument: 2, values: [routeProtocol] },
        ],
        answer: 'allow',
      },
      { when: [{ argument: 1, mask: 0xf, values: [rawType, packetType] }], answer: 'EPERM' },
      { when: [{ argument: 0, values: [family.unix] }], answer: 'allow' },
      {
        when: [
          { argument: 0, values: [family.inet, family.inet6] },
          { argument: 2, values: protocols },
        ],
        answer: 'allow',
      },
      { when: [{ argument: 0, values: [family.inet, family.inet6] }], answer: 'EPROTONOSUPPORT' },
    ],
    why: 'Network namespaces do not cover every family: AF_VSOCK leads to the hypervisor. Others, and rare protocols, load kernel modules.',
  },
  {
    calls: { socketpair: { x64: 53, arm64: 199 } },
    answer: 'EAFNOSUPPORT',
    checks: [{ when: [{ argument: 0, values: [family.unix] }], answer: 'allow' }],
    why: 'Pairs of any other family are another way to the same kernel modules.',
  },
  {
    calls: { clone: { x64: 56, arm64: 220 } },
    answer: 'EPERM',
    checks: [{ when: [{ argument: 0, mask: newNamespaces, values: [0] }], answer: 'allow' }],
    why: 'Namespaces of its own give a process capabilities inside them, and with these most of the kernel to attack.',
  },
  {
    calls: { clone3: { x64: 435, arm64: 435 } },
    answer: 'ENOSYS',
    why: 'Its flags are in memory, where a filter cannot look; libraries fall back to clone.',
  },
  {
    calls: { unshare: { x64: 272, arm64: 97 }, setns: { x64: 308, arm64: 268 } },
    answer: 'EPERM',
    why: 'As clone.',
  },
  {
    calls: {
      io_uring_setup: { x64: 425, arm64: 425 },
      io_uring_enter: { x64: 426, arm64: 426 },
      io_uring_register: { x64: 427, arm64: 427 },
    },
    answer: 'ENOSYS',
    why: 'It makes calls that no filter sees, sockets among them; libraries fall back to plain calls.',
  },
  {
    calls: {
      bpf: { x64: 321, arm64: 280 },
      perf_event_open: { x64: 298, arm64: 241 },
      userfaultfd: { x64: 323, arm64: 282 },
      kcmp: { x64: 312, arm64: 272 },
      lookup_dcookie: { x64: 212, arm64: 18 },
      fanotify_init: { x64: 300, arm64: 262 },
      modify_ldt: { x64: 154 },
    },
    answer: 'EPERM',
    why: 'Ways to look into the kernel, to attack it, or to win races against it; no program of a repository needs them.',
  },
  {
    calls: {
      add_key: { x64: 248, arm64: 217 },
      request_key: { x64: 249, arm64: 218 },
      keyctl: { x64: 250, arm64: 219 },
    },
    answer: 'EPERM',
    why: 'Keyrings of the kernel belong to users, not to namespaces: those of the service would be in reach.',
  },
  {
    calls: { name_to_handle_at: { x64: 303, arm64: 264 }, open_by_handle_at: { x64: 304, arm64: 265 } },
    answer: 'EPERM',
    why: 'Opens files by number, outside of what is mounted.',
  },
  {
    calls: {
      mount: { x64: 165, arm64: 40 },
      umount2: { x64: 166, arm64: 39 },
      pivot_root: { x64: 155, arm64: 41 },
      chroot: { x64: 161, arm64: 51 },
      open_tree: { x64: 428, arm64: 428 },
      move_mount: { x64: 429, arm64: 429 },
      fsopen: { x64: 430, arm64: 430 },
      fsconfig: { x64: 431, arm64: 431 },
      fsmount: { x64: 432, arm64: 432 },
      fspick: { x64: 433, arm64: 433 },
      mount_setattr: { x64: 442, arm64: 442 },
      open_tree_attr: { x64: 467, arm64: 467 },
    },
    answer: 'EPERM',
    why: 'What a box sees is decided before it starts.',
  },
  {
    calls: {
      init_module: { x64: 175, arm64: 105 },
      finit_module: { x64: 313, arm64: 273 },
      delete_module: { x64: 176, arm64: 106 },
      kexec_load: { x64: 246, arm64: 104 },
      kexec_file_load: { x64: 320, arm64: 294 },
      reboot: { x64: 169, arm64: 142 },
      swapon: { x64: 167, arm64: 224 },
      swapoff: { x64: 168, arm64: 225 },
      acct: { x64: 163, arm64: 89 },
      quotactl: { x64: 179, arm64: 60 },
      quotactl_fd: { x64: 443, arm64: 443 },
      syslog: { x64: 103, arm64: 116 },
      vhangup: { x64: 153, arm64: 58 },
      iopl: { x64: 172 },
      ioperm: { x64: 173 },
    },
    answer: 'EPERM',
    why: 'The machine is not the box’s to run, nor its kernel’s messages to read.',
  },
  {
    calls: {
      settimeofday: { x64: 164, arm64: 170 },
      clock_settime: { x64: 227, arm64: 112 },
      adjtimex: { x64: 159, arm64: 171 },
      clock_adjtime: { x64: 305, arm64: 266 },
      sethostname: { x64: 170, arm64: 161 },
      setdomainname: { x64: 171, arm64: 162 },
    },
    answer: 'EPERM',
    why: 'The time is the machine’s; the name tells a box from its host.',
  },
  {
    calls: { personality: { x64: 135, arm64: 92 } },
    answer: 'EPERM',
    checks: [{ when: [{ argument: 0, values: [0, 0xffffffff, addressesNotRandom] }], answer: 'allow' }],
    why: 'Old behaviours of the kernel switch protections off; what debuggers ask for, and asking itself, stays.',
  },
  {
    calls: { ioctl: { x64: 16, arm64: 29 } },
    answer: 'allow',
    checks: [{ when: [{ argument: 1, values: [0x5412, 0x541c, 0x5423] }], answer: 'EPERM' }],
    why: 'TIOCSTI and TIOCLINUX type into a terminal as if its user had; TIOCSETD loads kernel modules.',
  },
];

/** The number of a call of the list on this machine; undefined where there is none. */
export function numberOf(call: string): number | undefined {
  const architecture = architectures.find(({ name }) => name === process.arch)?.name;
  const row = deniedCalls.find(({ calls }) => call in calls);
  return architecture && row?.calls[call]?.[architecture];
}
