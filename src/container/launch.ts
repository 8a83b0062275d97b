import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { chmod, chown, readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BotError, type Checkout } from '../domain/index.ts';
import {
  compileToolHost,
  type ContainerEnding,
  etc,
  exists,
  inside,
  type Limits,
  makeMountPoint,
  makeScratch,
  nameOwner,
  ownEtc,
  type PreparedLaunch,
  requireProgram,
  type Traits,
} from '../isolation/index.ts';
import { adviseOn } from './advice.ts';
import { type BoxUser, containerArguments, namePrefix, strangerOutside, userInside } from './arguments.ts';
import { askEngine, type Engine, engineEnvironment, findEngine } from './engine.ts';
import { imageEnvironment, readImage } from './image.ts';
import { renderProfile } from './profile.ts';
import { sweepContainers } from './sweep.ts';

const run = promisify(execFile);

export interface ContainerSetting {
  readonly nodePath: string;
  readonly rgPath: string;
  readonly limits: Limits;
  /** What boxes are made from that ask for nothing else. */
  readonly image: string | undefined;
}

export interface WantedContainer {
  readonly checkout: Checkout;
  readonly proxySocket: string | undefined;
  readonly image: string | undefined;
}

/** Makes boxes that are containers. */
export interface Containers {
  /** Says what to start. Throws BotError `box-unavailable` naming what is missing: an engine, the image, a program of ours. */
  prepare(wanted: WantedContainer): Promise<PreparedLaunch>;
  /** What a box made from the usual image is like. */
  describe(): Promise<Traits>;
  /** Removes the containers of processes that are gone. */
  sweep(): Promise<void>;
}

/** Nothing is looked for, and nothing started, before the first box. */
export function createContainers(setting: ContainerSetting): Containers {
  let found: Promise<Engine> | undefined;
  let written: Promise<Files> | undefined;

  async function engineOf(): Promise<Engine> {
    found ??= findEngine();
    found.catch(() => (found = undefined)); // it may be installed or started meanwhile
    return found;
  }

  async function filesFor(user: BoxUser): Promise<Files> {
    const before = await written?.catch(() => undefined);
    if (before !== undefined && (await exists(before.profile))) return before;
    written = writeFiles(user);
    return written;
  }

  async function prepare({ checkout, proxySocket, image }: WantedContainer): Promise<PreparedLaunch> {
    const engine = await engineOf();
    const user = whoWeAre(engine);
    const wanted = chooseImage(image ?? setting.image);
    const ofImage = await readImage(engine, wanted);
    const traits = describeBox(engine, { user, image: wanted, ofImage });
    await requireOurs(setting, checkout);
    const toolhost = await compileToolHost();
    await handOver({ checkout, proxySocket, toolhost }, strangerOutside(engine.name, user));
    const owner = await nameOwner();
    const name = `${namePrefix}${owner}.${randomBytes(6).toString('hex')}`;
    const borrowsObjects = await exists(join(checkout.gitDir, 'objects/info/alternates'));
    const args = containerArguments({
      ...setting,
      ...(await filesFor(traits.user)),
      ...{ engine: engine.name, user, name, owner, image: wanted, checkout },
      nodePath: await realpath(setting.nodePath),
      toolhost,
      ...(borrowsObjects && { alternates: join(etc, 'alternates') }),
      ...(proxySocket !== undefined && { proxySocket }),
    });
    const ending = endContainer(engine, name);
    const env = engineEnvironment();
    return {
      traits,
      advise: adviseOn,
      place: placeOf(imageEnvironment(ofImage, proxySocket !== undefined), proxySocket),
      launch: { program: engine.program, args, hiddenArgs: [], env, cwd: '/', ending },
      locate: () => ending.locate(),
    };
  }

  return {
    prepare,
    describe: async () => {
      const engine = await engineOf();
      const image = chooseImage(setting.image);
      return describeBox(engine, { user: whoWeAre(engine), image, ofImage: await readImage(engine, image) });
    },
    sweep: async () => sweepContainers(await engineOf()),
  };
}

async function requireOurs({ nodePath, rgPath }: ContainerSetting, { tree }: Checkout): Promise<void> {
  await Promise.all([requireProgram(nodePath, 'Node'), requireProgram(rgPath, 'ripgrep')]);
  await makeMountPoint(join(tree, '.git'));
}

/**
 * A box of root's runs as a user that is nobody on the host. What it may write becomes that user's, links themselves and not what they point to;
 * the tool host, which is no secret, may be read by all.
 */
async function handOver(
  {
    checkout,
    proxySocket,
    toolhost,
  }: Pick<WantedContainer, 'checkout' | 'proxySocket'> & { readonly toolhost: string },
  stranger: number | undefined,
): Promise<void> {
  if (stranger === undefined) return;
  const owner = `${stranger}:${stranger}`;
  await Promise.all([
    run('/usr/bin/chown', ['-RPh', owner, '--', checkout.tree, checkout.home], { env: {} }),
    proxySocket === undefined ? undefined : chown(proxySocket, stranger, stranger),
    chmod(toolhost, 0o755),
  ]);
}

function chooseImage(image: string | undefined): string {
  if (image !== undefined) return image;
  throw new BotError(
    'config-invalid',
    'SANDBOX=container needs SANDBOX_IMAGE: the image of boxes whose repository names none, for example SANDBOX_IMAGE=node:24-bookworm',
  );
}

/** Docker runs a box as the user whose files it works on; root would be root in there. */
function whoWeAre(engine: Engine): BoxUser {
  const user = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  if (engine.name !== 'docker' || user.uid !== 0) return user;
  throw new BotError(
    'box-unavailable',
    'With Docker, boxes run as the user that this app runs as, and that is root. Run the app as an ordinary user who may use Docker, or install Podman: apt-get install podman',
  );
}

interface Origin {
  readonly user: BoxUser;
  readonly image: string;
  readonly ofImage: Readonly<Record<string, string>>;
}

function describeBox(engine: Engine, { user, image, ofImage }: Origin): Traits & { readonly user: BoxUser } {
  const within = userInside(engine.name, user);
  return {
    firstProcess: 'bash',
    firstNames: [...Object.keys(ofImage), 'container', 'HOME', 'HOSTNAME', 'PATH', 'TERM'],
    userId: within.uid,
    user: within,
    system: 'image',
    names: Object.keys(imageEnvironment(ofImage, false)),
    mounts: [
      'etc/(?:hosts|hostname|resolv[.]conf|passwd|group|gitconfig|nsswitch[.]conf)',
      'sys(?:/fs/cgroup)?',
      'var/tmp',
      'run/[.]containerenv',
    ],
    devices: ['mqueue'],
    madeWith: `${engine.name} ${engine.version} with the image ${image}`,
    needed: `Boxes are made with ${engine.name} ${engine.version} and the image ${image} here; see docs/docker.md`,
  };
}

function placeOf(env: Readonly<Record<string, string>>, proxySocket: string | undefined): PreparedLaunch['place'] {
  return {
    root: inside.root,
    temp: inside.temp,
    home: inside.home,
    gitDir: inside.gitDir,
    rgPath: inside.rg,
    env,
    mark: randomBytes(6).toString('hex'),
    isolated: true,
    ...(proxySocket === undefined ? {} : { proxy: { port: inside.proxyPort, socket: inside.proxySocket } }),
  };
}

function endContainer(engine: Engine, name: string): ContainerEnding & { locate(): Promise<void> } {
  let pid: number | undefined;
  return {
    firstPid: () => pid,
    locate: async () => {
      const said = await askEngine(engine, ['inspect', '--format', '{{.State.Pid}}', name]).catch(() => '');
      if (!/^[1-9]\d*$/.test(said)) throw new BotError('box-lost', 'The engine does not know the box that it started.');
      pid = Number(said);
    },
    remove: async () => {
      const now = engine.name === 'podman' ? ['--time=0'] : [];
      await askEngine(engine, ['rm', '--force', ...now, name]).catch(() => undefined); // gone already
    },
  };
}

/** What containers are given from us and that is no part of a job: the profile, and what is in their /etc. */
interface Files {
  readonly profile: string;
  readonly etc: Readonly<Record<string, string>>;
}

/** The user database knows the box's user by the number that it has there. */
async function writeFiles({ uid, gid }: BoxUser): Promise<Files> {
  const folder = await makeScratch('container');
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  const profile = join(folder, 'profile.json');
  await writeFile(profile, JSON.stringify(renderProfile(process.arch)));
  const entries = ownEtc.map(async (name) => {
    const text = await readFile(join(etc, name), 'utf8');
    const numbered = text
      .replace('agent:x:1000:1000:', `agent:x:${uid}:${gid}:`)
      .replace('agent:x:1000:\n', `agent:x:${gid}:\n`);
    await writeFile(join(folder, name), numbered);
    return [name, join(folder, name)] as const;
  });
  return { profile, etc: Object.fromEntries(await Promise.all(entries)) };
}
