import { totalmem } from 'node:os';
import type { Checkout } from '../domain/index.ts';

/** What a box may use. Bytes and counts. */
export interface Limits {
  readonly tempBytes: number;
  readonly outputBytes: number;
  readonly fileBytes: number;
  readonly processes: number;
  readonly openFiles: number;
  /** Processes and threads of the whole box, where the kernel lets us count them together. */
  readonly tasks: number;
  /** Of all processes of the box together. */
  readonly memoryBytes: number;
  /** How many processors' time the box gets. */
  readonly processors: number;
  /** Work tree and home folder together. */
  readonly diskBytes: number;
}

export const defaultLimits: Limits = {
  tempBytes: 1024 * 1024 * 1024,
  outputBytes: 256 * 1024 * 1024,
  fileBytes: 2 * 1024 * 1024 * 1024,
  processes: 2048,
  openFiles: 16_384,
  tasks: 512,
  memoryBytes: Math.min(4 * 1024 * 1024 * 1024, Math.floor(totalmem() / 2)),
  processors: 2,
  diskBytes: 10 * 1024 * 1024 * 1024,
};

/** Everything that decides how a box looks. Paths are the host's. */
export interface BoxPlan {
  readonly checkout: Checkout;
  /** Whether the git directory borrows objects, so that its list of lenders has to be replaced by the box's own. */
  readonly borrowsObjects: boolean;
  readonly nodePath: string;
  readonly rgPath: string;
  readonly toolhost: string;
  readonly etc: string;
  /** How `/bin`, `/lib` and their like are on this host. */
  readonly systemFolders: readonly SystemFolder[];
  readonly limits: Limits;
  /** Socket of the allow-list proxy; undefined means no network. */
  readonly proxySocket?: string;
}

export type SystemFolder =
  | { readonly type: 'folder'; readonly path: string }
  | { readonly type: 'link'; readonly path: string; readonly target: string };

/** Where things are inside a box. */
export const inside = {
  root: '/repo',
  temp: '/tmp',
  home: '/home/agent',
  gitDir: '/repo/.git',
  objects: '/mirror/objects',
  node: '/opt/backend/bin/node',
  rg: '/opt/backend/bin/rg',
  toolhost: '/opt/backend/toolhost',
  proxySocket: '/run/proxy.sock',
  proxyPort: 3128,
} as const;

/** Where bwrap reports its first inner process, and where it reads its arguments from (they don't show in `ps` then). */
export const reportDescriptor = 3;
export const argumentsDescriptor = 4;
/** Where bwrap reads the system-call filter from, which holds for everything that it starts. */
export const filterDescriptor = 5;

/** Files of the host's /etc that programs need and that hold nothing of the host's own. Never all of /etc: it has keys. */
const hostEtc = (
  'alternatives ca-certificates.conf debian_version java-11-openjdk java-17-openjdk java-21-openjdk ' +
  'java-25-openjdk ld.so.cache ld.so.conf ld.so.conf.d localtime magic maven mime.types os-release ' +
  'pki/tls/certs pki/ca-trust/extracted protocols services ssl/certs ssl/openssl.cnf'
).split(' ');

export const ownEtc = ['passwd', 'group', 'hosts', 'nsswitch.conf', 'gitconfig'];

/** The environment of every command in a box, to the last name. */
export function boxEnvironment(hasProxy: boolean): Readonly<Record<string, string>> {
  const proxy = `http://127.0.0.1:${inside.proxyPort}`;
  return {
    PATH: `${inside.home}/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/backend/bin`,
    HOME: inside.home,
    LANG: 'C.UTF-8',
    TERM: 'dumb',
    CI: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
    GOFLAGS: '-buildvcs=false',
    GOTOOLCHAIN: 'local',
    ...(hasProxy
      ? { http_proxy: proxy, https_proxy: proxy, HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NODE_USE_ENV_PROXY: '1' }
      : {}),
  };
}

/** The arguments of `bwrap` up to and without the program that it starts. Everything not named here does not exist in the box. */
export function bubblewrapArguments(plan: BoxPlan): string[] {
  return [...isolation(), ...system(plan), ...ours(plan), ...job(plan), ...sealed()];
}

/** The limits of each process in the box, set from inside so that they don't hinder bwrap itself. */
export function prlimitArguments(limits: Limits): string[] {
  return [
    '/usr/bin/prlimit',
    `--nproc=${limits.processes}`,
    `--fsize=${limits.fileBytes}`,
    `--nofile=${limits.openFiles}`,
    '--core=0',
    '--',
  ];
}

function isolation(): string[] {
  const flags =
    '--unshare-all --unshare-user --disable-userns --die-with-parent --new-session --clearenv --cap-drop ALL';
  return `${flags} --uid 1000 --gid 1000 --hostname box --info-fd ${reportDescriptor} --seccomp ${filterDescriptor}`.split(
    ' ',
  );
}

function system(plan: BoxPlan): string[] {
  const folders = plan.systemFolders.flatMap((folder) =>
    folder.type === 'link' ? ['--symlink', folder.target, folder.path] : ['--ro-bind', folder.path, folder.path],
  );
  const fromHost = hostEtc.flatMap((name) => ['--ro-bind-try', `/etc/${name}`, `/etc/${name}`]);
  const own = ownEtc.flatMap((name) => ['--ro-bind', `${plan.etc}/${name}`, `/etc/${name}`]);
  return ['--ro-bind', '/usr', '/usr', ...folders, ...fromHost, ...own, '--proc', '/proc', '--dev', '/dev'];
}

function ours(plan: BoxPlan): string[] {
  return [
    ...['--ro-bind', plan.nodePath, inside.node],
    ...['--ro-bind', plan.rgPath, inside.rg],
    ...['--ro-bind', plan.toolhost, inside.toolhost],
    ...(plan.proxySocket === undefined ? [] : ['--ro-bind', plan.proxySocket, inside.proxySocket]),
  ];
}

function job(plan: BoxPlan): string[] {
  const { checkout, limits } = plan;
  const alternates = `${inside.gitDir}/objects/info/alternates`;
  return [
    ...['--bind', checkout.tree, inside.root],
    ...['--ro-bind', checkout.gitDir, inside.gitDir],
    ...['--ro-bind', checkout.objects, inside.objects],
    ...(plan.borrowsObjects ? ['--ro-bind', `${plan.etc}/alternates`, alternates] : []),
    ...['--bind', checkout.home, inside.home],
    ...['--perms', '1777', '--size', String(limits.tempBytes), '--tmpfs', inside.temp],
    ...['--perms', '0700', '--size', String(limits.outputBytes), '--tmpfs', `${inside.temp}/outputs`],
    // What the tool host's git needs is its own too: a full /tmp must not keep it from saying what changed.
    ...['--perms', '0700', '--size', String(limits.tempBytes), '--tmpfs', `${inside.temp}/git`],
    ...['--perms', '1777', '--size', String(limits.tempBytes), '--tmpfs', '/dev/shm'],
    ...['--symlink', inside.temp, '/var/tmp'],
  ];
}

/**
 * The file systems that bwrap made to hang the others in are not for writing. Nor is /proc: to the kernel we are the
 * user who started bwrap, and when that is root, the machine's own settings below /proc/sys would be ours to change.
 */
function sealed(): string[] {
  return ['--remount-ro', '/proc', '--remount-ro', '/dev', '--remount-ro', '/', '--chdir', inside.root];
}
