import { randomBytes } from 'node:crypto';
import { access, constants, lstat, mkdir, mkdtemp, readlink, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BotError, type Checkout } from '../domain/index.ts';
import type { Launch } from './box-process.ts';
import {
  argumentsDescriptor,
  type BoxPlan,
  boxEnvironment,
  bubblewrapArguments,
  inside,
  type Limits,
  prlimitArguments,
  type SystemFolder,
} from './bubblewrap.ts';
import { compileToolHost } from './compile.ts';
import { assembleFilter } from './seccomp.ts';
import { bubblewrapTraits, type Traits } from './traits.ts';

export interface LaunchSetting {
  readonly kind: 'bubblewrap' | 'unsafe-none';
  readonly nodePath: string;
  readonly rgPath: string;
  readonly limits: Limits;
}

/** Files of a box's own /etc. */
export const etc = join(import.meta.dirname, 'etc');

/** What to start, and what the tool host is told first: where it is. */
export interface PreparedLaunch {
  readonly launch: Launch;
  readonly place: Readonly<Record<string, unknown>>;
  /** What its evidence is held against; undefined where there is no box. */
  readonly traits?: Traits;
  /** What to do when the program said this; undefined when its words say it all. */
  readonly advise?: (complaint: string) => string | undefined;
  /** Finds the first process of a box that runs, where its program does not report it. Throws BotError `box-lost`. */
  readonly locate?: () => Promise<void>;
}

/** Gets the checkout ready to be mounted and says what to start. Throws BotError `box-unavailable` naming the missing package. */
export async function prepareLaunch(
  setting: LaunchSetting,
  checkout: Checkout,
  proxySocket: string | undefined,
): Promise<PreparedLaunch> {
  return setting.kind === 'bubblewrap' ? launchInBox(setting, checkout, proxySocket) : launchUnsafe(setting, checkout);
}

async function launchInBox(
  setting: LaunchSetting,
  checkout: Checkout,
  proxySocket: string | undefined,
): Promise<PreparedLaunch> {
  const filter = assembleFilter(process.arch);
  // All of it at once: each look takes little, and waiting for one after the other is what takes long.
  const [program, toolhost, nodePath, borrowsObjects, systemFolders] = await Promise.all([
    findNeeded(setting),
    compileToolHost(),
    realpath(setting.nodePath).catch(() => setting.nodePath), // a missing one is named by findNeeded
    exists(join(checkout.gitDir, 'objects/info/alternates')),
    readSystemFolders(),
    makeMountPoint(join(checkout.tree, '.git')),
  ]);
  const plan: BoxPlan = {
    ...setting,
    ...{ etc, toolhost, checkout, nodePath, borrowsObjects, systemFolders },
    ...(proxySocket === undefined ? {} : { proxySocket }),
  };
  const place = {
    root: inside.root,
    temp: inside.temp,
    home: inside.home,
    gitDir: inside.gitDir,
    rgPath: inside.rg,
    env: boxEnvironment(proxySocket !== undefined),
    mark: randomBytes(6).toString('hex'),
    isolated: true,
    ...(proxySocket === undefined ? {} : { proxy: { port: inside.proxyPort, socket: inside.proxySocket } }),
  };
  const toolHost = [inside.node, `${inside.toolhost}/main.js`];
  return {
    place,
    traits: bubblewrapTraits,
    launch: {
      program,
      args: ['--args', String(argumentsDescriptor), '--', ...prlimitArguments(setting.limits), ...toolHost],
      hiddenArgs: bubblewrapArguments(plan),
      filter,
      env: {},
      cwd: '/',
      ending: 'namespace',
    },
  };
}

/**
 * No box: the same tool host beside us, on the host's files and network, as the user we run as. There is no proxy either:
 * without a network namespace it would stop nobody.
 */
async function launchUnsafe(setting: LaunchSetting, checkout: Checkout): Promise<PreparedLaunch> {
  const temp = await mkdtemp(join(checkout.home, 'tmp-'));
  const gitFile = join(checkout.tree, '.git');
  await rm(gitFile, { recursive: true, force: true });
  await writeFile(gitFile, `gitdir: ${checkout.gitDir}\n`);
  const mark = randomBytes(6).toString('hex');
  const place = {
    root: checkout.tree,
    temp,
    home: checkout.home,
    gitDir: checkout.gitDir,
    rgPath: setting.rgPath,
    env: { ...boxEnvironment(false), HOME: checkout.home },
    mark,
    isolated: false,
  };
  const args = [join(await compileToolHost(), 'main.js')];
  return {
    place,
    launch: { program: setting.nodePath, args, hiddenArgs: [], env: {}, cwd: checkout.tree, ending: { mark } },
  };
}

/** git's folder is mounted over the tree's `.git`, which must be an empty folder for that and not the file that points to it. */
export async function makeMountPoint(path: string): Promise<void> {
  const stat = await lstat(path).catch(() => undefined);
  if (stat?.isDirectory() === true) return;
  await rm(path, { force: true });
  await mkdir(path);
}

async function readSystemFolders(): Promise<SystemFolder[]> {
  const found = await Promise.all(['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'].map(readSystemFolder));
  return found.filter((folder) => folder !== undefined);
}

async function readSystemFolder(path: string): Promise<SystemFolder | undefined> {
  const stat = await lstat(path).catch(() => undefined);
  if (stat === undefined) return undefined;
  return stat.isSymbolicLink() ? { type: 'link', path, target: await readlink(path) } : { type: 'folder', path };
}

/** Finds everything that a box is made of and answers where bwrap is. Throws BotError `box-unavailable` with the command that gets what is missing. */
async function findNeeded({ nodePath, rgPath }: LaunchSetting): Promise<string> {
  const [bwrap] = await Promise.all([
    findProgram('bwrap', 'bubblewrap'),
    findProgram('prlimit', 'util-linux'),
    findProgram('git', 'git'),
    findProgram('bash', 'bash'),
    requireProgram(nodePath, 'Node'),
    requireProgram(rgPath, 'ripgrep'),
  ]);
  if (!(await exists('/proc/self/fdinfo')))
    throw new BotError('box-unavailable', '/proc is not mounted. Mount it with: mount -t proc proc /proc');
  return bwrap;
}

async function findProgram(name: string, packageName: string): Promise<string> {
  for (const folder of ['/usr/bin', '/bin', '/usr/local/bin']) {
    if (await isProgram(join(folder, name))) return join(folder, name);
  }
  throw new BotError('box-unavailable', `${name} is not installed. Install it with: apt-get install ${packageName}`);
}

/** What comes with our own packages. */
export async function requireProgram(path: string, name: string): Promise<void> {
  if (await isProgram(path)) return;
  throw new BotError('box-unavailable', `${name} is missing: ${path} is no program. Install it with: npm ci`);
}

async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** What keeps bwrap from making a box, told from its own words, and the command that changes it. */
const hindrances: readonly { readonly words: RegExp; readonly advice: string }[] = [
  {
    words: /namespace|uid map|RTM_NEWADDR/i,
    advice:
      'The kernel refuses user namespaces to this process. Allow them with: sysctl -w user.max_user_namespaces=15000 kernel.unprivileged_userns_clone=1 (on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0); in a container, start it with: --security-opt seccomp=unconfined --security-opt apparmor=unconfined',
  },
  {
    words: /mount proc/i,
    advice:
      'A box may not have a /proc of its own, because this process sees only a part of /proc. Start its container with: --security-opt systempaths=unconfined',
  },
  {
    words: /unknown option/i,
    advice: 'bubblewrap is older than 0.8. Debian 12 and Ubuntu 24.04 have a newer one: apt-get install bubblewrap',
  },
];

/** What to do when bwrap said this; undefined when its words say it all. */
export function readHindrance(complaint: string): string | undefined {
  return hindrances.find(({ words }) => words.test(complaint))?.advice;
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
