import type { Checkout } from '../domain/index.ts';
import { inside, type Limits } from '../isolation/index.ts';
import type { EngineName } from './engine.ts';

/** Everything that decides how a container looks. Paths are the host's. */
export interface ContainerPlan {
  readonly engine: EngineName;
  readonly user: BoxUser;
  readonly name: string;
  /** The process that it belongs to. */
  readonly owner: string;
  readonly image: string;
  readonly profile: string;
  readonly checkout: Checkout;
  /** A replacement for the list of lenders of the git directory, when it has one. */
  readonly alternates?: string;
  /** Files of the container's own /etc: name → path. */
  readonly etc: Readonly<Record<string, string>>;
  readonly nodePath: string;
  readonly rgPath: string;
  readonly toolhost: string;
  readonly limits: Limits;
  /** Socket of the allow-list proxy; undefined means no network. */
  readonly proxySocket?: string;
}

/** Who we are outside. */
export interface BoxUser {
  readonly uid: number;
  readonly gid: number;
}

export const label = 'backend-developer';
export const namePrefix = 'backend-developer-';

/** Where root's boxes have all their users: numbers that nobody on a host has. */
const firstForeignId = 1_900_000_000;
const foreignIds = 65_536;
const boxId = 1000;

const foreignUsers = ['uid', 'gid'].map((kind) => `--${kind}map=0:${firstForeignId}:${foreignIds}`);

/** What only one of the engines knows. */
const rows: Readonly<
  Record<EngineName, { readonly fixed: readonly string[]; readonly user: (user: BoxUser) => readonly string[] }>
> = {
  podman: {
    fixed: [
      ...['--read-only-tmpfs=false', '--image-volume=ignore', '--http-proxy=false', '--no-hosts', '--systemd=false'],
      ...['--sdnotify=ignore', '--uts=private'],
    ],
    user: ({ uid }) => [
      ...(uid === 0 ? foreignUsers : [`--userns=keep-id:uid=${boxId},gid=${boxId}`]),
      `--user=${boxId}:${boxId}`,
    ],
  },
  docker: { fixed: [], user: ({ uid, gid }) => [`--user=${uid}:${gid}`] },
};

/** Who owns the files that a box may write, when it runs as somebody else than we; undefined when it runs as us. */
export function strangerOutside(engine: EngineName, { uid }: BoxUser): number | undefined {
  return engine === 'podman' && uid === 0 ? firstForeignId + boxId : undefined;
}

/** Who the box's processes are inside. */
export function userInside(engine: EngineName, user: BoxUser): BoxUser {
  return engine === 'docker' ? user : { uid: boxId, gid: boxId };
}

/** The whole command line of the engine's program. Nothing is fetched: an image that is not there is an error. */
export function containerArguments(plan: ContainerPlan): string[] {
  const { fixed, user } = rows[plan.engine];
  return [
    ...['run', '--rm', '--interactive', '--pull=never', `--name=${plan.name}`, `--label=${label}=${plan.owner}`],
    ...['--network=none', '--read-only', '--cap-drop=all', '--security-opt=no-new-privileges'],
    ...[`--security-opt=seccomp=${plan.profile}`, '--security-opt=label=disable'],
    ...['--ipc=private', '--cgroupns=private', '--hostname=box', `--workdir=${inside.root}`],
    ...['--log-driver=none', '--no-healthcheck', '--stop-signal=SIGKILL'],
    ...fixed,
    ...user(plan.user),
    ...limitArguments(plan.limits),
    ...mounts(plan),
    '--entrypoint=/bin/bash',
    plan.image,
    ...['-p', '-c', launcher, inside.node, `${inside.toolhost}/main.js`],
  ];
}

/**
 * Process 1 is a shell, because it takes leave of the processes that nobody else waits for, which Node would not. The tool host's environment is
 * empty; an image may say what it likes.
 */
const launcher = [
  'PATH=/usr/bin:/bin type -P git > /dev/null || { echo "the image has no git" >&2; exit 1; }',
  '(exec -c "$0" "$@") <&0 &',
  'wait "$!"',
].join('\n');

function limitArguments(limits: Limits): string[] {
  return [
    `--pids-limit=${limits.tasks}`,
    `--memory=${limits.memoryBytes}`,
    `--memory-swap=${limits.memoryBytes}`,
    `--cpus=${limits.processors}`,
    `--ulimit=nproc=${limits.processes}:${limits.processes}`,
    `--ulimit=nofile=${limits.openFiles}:${limits.openFiles}`,
    `--ulimit=fsize=${limits.fileBytes}:${limits.fileBytes}`,
    '--ulimit=core=0:0',
    `--shm-size=${limits.tempBytes}`,
  ];
}

function mounts(plan: ContainerPlan): string[] {
  const { checkout, limits } = plan;
  const lenders = `${inside.gitDir}/objects/info/alternates`;
  return [
    bind(checkout.tree, inside.root, 'writable'),
    bind(checkout.home, inside.home, 'writable'),
    bind(checkout.gitDir, inside.gitDir),
    bind(checkout.objects, inside.objects),
    ...(plan.alternates === undefined ? [] : [bind(plan.alternates, lenders)]),
    bind(plan.nodePath, inside.node),
    bind(plan.rgPath, inside.rg),
    bind(plan.toolhost, inside.toolhost),
    ...(plan.proxySocket === undefined ? [] : [bind(plan.proxySocket, inside.proxySocket)]),
    ...Object.entries(plan.etc).map(([name, path]) => bind(path, `/etc/${name}`)),
    temporary(inside.temp, limits.tempBytes),
    temporary(`${inside.temp}/outputs`, limits.outputBytes),
    temporary(`${inside.temp}/git`, limits.tempBytes),
    temporary('/var/tmp', limits.tempBytes),
    // What the kernel tells of the machine's hardware, and of process groups, is covered by empty folders.
    ...['/sys', '/sys/fs/cgroup'].map((path) => `--tmpfs=${path}:ro,nosuid,nodev,noexec,size=4k,mode=0555`),
  ];
}

/** The option is a line of comma-separated values, in which a path may hold commas when it is quoted. */
function bind(source: string, target: string, access: 'writable' | 'readonly' = 'readonly'): string {
  const from = `source=${source}`;
  const quoted = /[",\n]/.test(from) ? `"${from.replaceAll('"', '""')}"` : from;
  return `--mount=type=bind,${quoted},target=${target}${access === 'readonly' ? ',readonly' : ''}`;
}

function temporary(path: string, bytes: number): string {
  return `--tmpfs=${path}:rw,exec,nosuid,nodev,size=${bytes},mode=1777`;
}
