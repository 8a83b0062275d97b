import { bubblewrapTraits, type Traits } from '../isolation/index.ts';
import { callProbes, connectToPath } from './call-probes.ts';

/**
 * One attempt inside a box. The script succeeds when what it tries works; its output goes nowhere.
 * `denied` is what must fail. `allowed` is its benign twin: without it a broken shell would look like a perfect box.
 */
export interface Probe {
  readonly name: string;
  readonly script: string;
  readonly expect: 'denied' | 'allowed';
}

/** What the host has laid out for a box to find, if it could. */
export interface Bait {
  /** A file next to the checkout, and its name alone. */
  readonly secretPath: string;
  readonly secretName: string;
  /** A server on the host's loopback. */
  readonly port: number;
  /** A server on an abstract Unix socket. */
  readonly abstractSocket: string;
  /** A server on a Unix socket next to the checkout. */
  readonly socketPath: string;
  /** Our own process. */
  readonly hostPid: number;
}

const commonDevices = 'console|core|fd|full|null|ptmx|pts|random|shm|stderr|stdin|stdout|tty|urandom|zero';
/** What bash, the tool host and the probe's own `env` add to the box's environment. */
const shellNames = ['BACKEND_CALL', 'OLDPWD', 'PWD', 'SHLVL', '_'];

export function listProbes(bait: Bait, traits: Traits = bubblewrapTraits): readonly Probe[] {
  const { system } = traits;
  return [
    ...[...controls, ...networkProbes(bait), ...hostProbes(bait, traits), ...fileProbes(traits)],
    ...[...(system === 'host' ? systemProbes : imageProbes), ...privilegeProbes, ...callProbes],
  ];
}

function probe(expect: Probe['expect']): (row: readonly [string, string]) => Probe {
  return ([name, script]) => ({ name, script, expect });
}

const controls: readonly Probe[] = (
  [
    ['writing into the work tree', 'echo x > /repo/probe && rm /repo/probe'],
    ['writing into /tmp', 'echo x > /tmp/probe && rm /tmp/probe'],
    ['writing into the home folder', 'echo x > ~/probe && rm ~/probe'],
    ['writing into /dev/shm', 'echo x > /dev/shm/probe && rm /dev/shm/probe'],
    ['reading git', 'cat /repo/.git/HEAD'],
    [
      'running programs of the system',
      '/usr/bin/git --version && mount --version && unshare --version && mknod --version',
    ],
    ['running our own programs', '/opt/backend/bin/node --version && /opt/backend/bin/rg --version'],
    ['a server on its own loopback', connectTo("s.address().port, '127.0.0.1'", "s.listen(0, '127.0.0.1', go)")],
  ] as const
).map(probe('allowed'));

function networkProbes(bait: Bait): readonly Probe[] {
  const rows = [
    ['a network device besides lo', "awk -F: 'NR > 2 { print $1 }' /proc/net/dev | grep -qvw lo"],
    ['a route to anywhere', '[ "$(wc -l < /proc/net/route)" -gt 1 ]'],
    ["the host's loopback over TCP", `exec 3<>/dev/tcp/127.0.0.1/${bait.port}`],
    ["the host's loopback over IPv6", `exec 3<>/dev/tcp/::1/${bait.port}`],
    ["the host's abstract sockets", connectTo(`'\\0${bait.abstractSocket}'`, 'go()')],
    ["the host's sockets in folders", connectToPath(bait.socketPath)],
    ['the proxy of set-up boxes', 'ls /run/proxy.sock'],
  ] as const;
  return rows.map(probe('denied'));
}

function hostProbes(bait: Bait, { firstProcess, firstNames, names: given }: Traits): readonly Probe[] {
  const names = [...given, ...shellNames].join('|');
  const first = firstNames.length === 0 ? '-q .' : `-qvE '^(${firstNames.join('|')})='`;
  const rows = [
    ['a file next to the checkout', `cat '${bait.secretPath}'`],
    [
      'finding that file anywhere',
      `find / -path /usr -prune -o -path /proc -prune -o -name '${bait.secretName}' -print | grep -q .`,
    ],
    ["root's home", 'ls /root'],
    ['password hashes', 'cat /etc/shadow'],
    ['the /sys of the host', 'find /sys -type f | grep -q .'],
    ["the host's processes", '[ "$(ls -d /proc/[0-9]* | wc -l)" -gt 10 ]'],
    ['a process 1 that is not the box', `[ "$(cat /proc/1/comm)" != ${firstProcess} ]`],
    ['a signal to the service', `kill -0 ${bait.hostPid}`],
    ['an environment variable that is not ours', `env | grep -qvE '^(${names})='`],
    ['the environment that the box was started with', `tr '\\0' '\\n' < /proc/1/environ | grep ${first}`],
    ['descriptors of the service', `ls -l /proc/self/fd | awk '$9 > 3 && $NF != "/dev/null"' | grep -q .`],
  ] as const;
  return rows.map(probe('denied'));
}

/** What is the host's where the system folders are. */
const systemProbes: readonly Probe[] = (
  [
    ["the host's private keys", 'ls /etc/ssl/private || ls /etc/ssh'],
    ['homes of other users', 'ls /home | grep -qvx agent'],
    [
      'folders of the host',
      'ls / | grep -qvxE "bin|dev|etc|home|lib|lib32|lib64|libx32|mirror|opt|proc|repo|run|sbin|tmp|usr|var"',
    ],
    [
      'programs with the setuid bit',
      "grep -E ' (/usr|/repo|/tmp|/home/agent) ' /proc/self/mountinfo | grep -qv nosuid",
    ],
  ] as const
).map(probe('denied'));

/** What an engine could have left within reach. Programs with the setuid bit gain nothing: no process gains privileges. */
const imageProbes: readonly Probe[] = [
  probe('allowed')(['making system calls with Perl (images made from Debian have it)', 'perl -e 1']),
  ...(
    [
      ["the engine's socket", 'ls -d /run/docker.sock /run/podman /run/containerd 2> /dev/null | grep -q .'],
      ["the engine's secrets", 'ls -A /run/secrets 2> /dev/null | grep -q .'],
    ] as const
  ).map(probe('denied')),
];

function fileProbes({ devices }: Traits): readonly Probe[] {
  const rows = [
    ['writing into .git', 'touch /repo/.git/probe'],
    ['moving .git away', 'mv /repo/.git /repo/moved'],
    ['writing into the mirror', 'touch /mirror/objects/probe'],
    ['writing into /usr', 'touch /usr/probe'],
    ['writing into /etc', 'touch /etc/probe'],
    ['writing into the root', 'touch /probe'],
    ['writing into /dev', 'touch /dev/probe'],
    ["writing into the tool host's folder", 'touch /opt/backend/toolhost/probe'],
    ["replacing the tool host's Node", 'cp /bin/true /opt/backend/bin/node'],
    ["the kernel's settings", 'cat /proc/sys/kernel/core_pattern > /proc/sys/kernel/core_pattern'],
    ["the kernel's emergency keys", '[ -w /proc/sysrq-trigger ]'],
    ['a device besides the harmless ones', `ls /dev | grep -qvxE '${[commonDevices, ...devices].join('|')}'`],
    ['making a device', 'mknod /tmp/device c 1 1'],
    ['the terminal of the operator', 'echo > /dev/tty'],
  ] as const;
  return rows.map(probe('denied'));
}

const privilegeProbes: readonly Probe[] = (
  [
    ['being root', '[ "$(id -u)" = 0 ]'],
    ['capabilities', "grep -E '^Cap(Inh|Prm|Eff|Bnd|Amb):' /proc/self/status | grep -qv '0000000000000000$'"],
    ['gaining privileges through programs', "! grep -qE '^NoNewPrivs:[[:space:]]+1$' /proc/self/status"],
    ['a user namespace of its own', 'unshare --user true'],
    ['a mount namespace of its own', 'unshare --mount true'],
    ['mounting', 'mount -t tmpfs none /tmp'],
    ['unmounting git', 'umount /repo/.git'],
    ["changing the host's name", 'hostname probe'],
  ] as const
).map(probe('denied'));

/** A Node program that succeeds when it gets a connection. */
function connectTo(target: string, start: string): string {
  const code = [
    'const n = require("node:net"); const s = n.createServer();',
    `function go() { n.connect(${target}).on("connect", () => process.exit(0)).on("error", () => process.exit(1)); }`,
    start,
  ];
  return `/opt/backend/bin/node -e '${code.join(' ').replaceAll("'", '`')}'`;
}
