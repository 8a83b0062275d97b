import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openWorkspace, type WorkspaceOptions } from '../../src/workspace/index.ts';
import { commit, type Entry } from '../workspace/git-server.ts';
import { files as plainFiles, startRig, type Rig } from '../workspace/rig.ts';
import { once, sharedClass, type Attempt, type Case } from './case.ts';
import { openGround, runBare } from './ground.ts';

/** New for every run: one that goes on beside it must not be taken for this one. */
const token = `ghs_${randomUUID()}`;

/** A git server with repositories made to harm, and a program that says that it ran. */
interface Ground {
  readonly rig: Rig;
  /** Folder of the attacker's files on the host. */
  readonly evil: string;
  readonly canary: string;
  readonly shas: ReadonlyMap<string, string>;
  /** The ordinary way of a job. */
  readonly works: Attempt;
}

type Environment = Readonly<Record<string, string>>;

/** Tries something; whether the attacker's program ran meanwhile. */
async function runs({ canary }: Ground, what: () => Promise<unknown>): Promise<boolean> {
  rmSync(canary, { force: true });
  await what();
  return existsSync(canary);
}

/** Clones as people do, with what the row adds. */
function cloneRaw(ground: Ground, name: string, more: { args?: readonly string[]; env?: Environment } = {}) {
  const url = `${ground.rig.server.url}/${name}`;
  const target = mkdtempSync(join(ground.evil, 'clone-'));
  const { args = [], env = {} } = more;
  const header = `http.extraHeader=Authorization: Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
  const safe = { HOME: ground.evil, GIT_TERMINAL_PROMPT: '0', ...env };
  return runBare('/usr/bin/git', ['-c', header, ...args, url, join(target, 'tree')], {
    cwd: target,
    env: safe,
    ms: 10_000,
  });
}

/** The way of a job: fetch, check out, read, look at history. Its errors are no success of an attack. */
async function work(ground: Ground, name: string, over: Partial<WorkspaceOptions> = {}): Promise<boolean> {
  try {
    const sha = ground.shas.get(name) ?? '';
    await using opened = await openWorkspace(ground.rig.optionsFor(name, sha, { token: async () => token, ...over }));
    const { tree } = await opened.checkout('attempt');
    await opened.recentSubjects(5);
    return existsSync(join(tree, 'README.md'));
  } catch {
    return false;
  }
}

/** The service's own environment while something is done: what an operator's machine may hold. */
async function within<T>(env: Environment, what: () => Promise<T>): Promise<T> {
  const before = Object.keys(env).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, env);
  try {
    return await what();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  }
}

/** What the machine's settings may make git run, with a repository of the attacker's. */
function machineRows({ evil }: Ground): readonly (readonly [name: string, env: Environment, repository: string])[] {
  const config = (name: string, text: string): Environment => {
    writeFileSync(join(evil, name), text);
    return { GIT_CONFIG_GLOBAL: join(evil, name) };
  };
  const run = join(evil, 'run.sh');
  const hooks = `[core]\n\thooksPath = ${evil}/hooks\n`;
  writeFileSync(join(evil, 'home', '.gitconfig'), hooks);
  writeFileSync(join(evil, 'home', 'git', 'config'), hooks);
  return [
    ['a hook of the machine’s', config('hooks.config', hooks), 'plain'],
    [
      'a filter of the machine’s, asked for by .gitattributes',
      config('filter.config', `[filter "evil"]\n\tsmudge = ${run}\n\tclean = ${run}\n`),
      'filtered',
    ],
    ['a filter process', config('process.config', `[filter "evil"]\n\tprocess = ${run}\n`), 'filtered'],
    ['a template’s hook', { GIT_TEMPLATE_DIR: join(evil, 'template') }, 'plain'],
    [
      'settings by environment',
      { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'core.hooksPath', GIT_CONFIG_VALUE_0: join(evil, 'hooks') },
      'plain',
    ],
    ['settings in the home folder', { HOME: join(evil, 'home') }, 'plain'],
    ['settings in the folder for settings', { XDG_CONFIG_HOME: join(evil, 'home') }, 'plain'],
    ['another folder of git’s programs', { GIT_EXEC_PATH: join(evil, 'programs') }, 'plain'],
    ['a trace', { GIT_TRACE: join(evil, 'canary') }, 'plain'],
    ['a trace of events', { GIT_TRACE2_EVENT: join(evil, 'canary') }, 'plain'],
  ];
}

function machineCases(ground: Ground): Case[] {
  return machineRows(ground).map(([name, env, repository]) => ({
    id: 'D20',
    name: `host git runs ${name}`,
    baseline: () => runs(ground, () => cloneRaw(ground, repository, { args: ['clone', '-q'], env })),
    attack: () => runs(ground, () => within(env, () => work(ground, repository))),
    twin: ground.works,
  }));
}

/** A helper that is asked for a password, when the server refuses the token. */
function helperCases(ground: Ground): Case[] {
  const run = join(ground.evil, 'ask.sh');
  const rows: readonly (readonly [name: string, env: Environment])[] = [
    [
      'a credential helper',
      { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'credential.helper', GIT_CONFIG_VALUE_0: `!${run}` },
    ],
    ['a program that asks for passwords', { GIT_ASKPASS: run }],
    ['a program that asks for passwords, by SSH’s name', { SSH_ASKPASS: run, DISPLAY: ':0' }],
  ];
  return rows.map(([name, env]) => ({
    id: 'D20',
    name: `host git runs ${name}`,
    baseline: () =>
      runs(ground, () =>
        runBare('/usr/bin/git', ['ls-remote', `${ground.rig.server.url}/plain`], {
          cwd: ground.evil,
          env: { HOME: ground.evil, ...env },
        }),
      ),
    attack: () => runs(ground, () => within(env, () => work(ground, 'plain', { token: async () => 'wrong' }))),
    twin: ground.works,
  }));
}

/** Addresses that are more than an address. */
function addressCases(ground: Ground): Case[] {
  const { canary, rig } = ground;
  const rows = [
    ['a command', `ext::sh -c touch% ${canary}`],
    ['a command in a submodule’s place', `ext::sh -c "touch% ${canary}"`.replaceAll('"', '')],
    ['a folder of the host', join(rig.root, 'plain')],
    ['a file', `file://${join(rig.root, 'plain')}`],
    ['a password', rig.server.url.replace('://', `://x-access-token:${token}@`) + '/plain'],
  ] as const;
  return rows.map(([name, url]) => ({
    id: 'D20',
    name: `a remote that is ${name}`,
    baseline: async () => {
      const args = ['-c', 'protocol.ext.allow=always', 'ls-remote', url];
      const { code } = await runBare('/usr/bin/git', args, { cwd: ground.evil, env: { HOME: ground.evil } });
      return code === 0 || existsSync(canary);
    },
    attack: async () => {
      let isOpened = false;
      const ran = await runs(ground, async () => (isOpened = await work(ground, 'plain', { remoteUrl: url })));
      return ran || isOpened;
    },
    twin: ground.works,
  }));
}

/** What a commit may hold. A submodule is never fetched; git's own folder is never checked out, however it is spelled. */
function contentCases(ground: Ground): Case[] {
  const lax = ['-c', 'core.protectNTFS=false', '-c', 'core.protectHFS=false', 'clone', '-q'];
  const twin = ground.works;
  return [
    {
      id: 'D20',
      name: 'a submodule whose address is a command',
      baseline: () =>
        runs(ground, () =>
          cloneRaw(ground, 'submodule', {
            args: ['-c', 'protocol.ext.allow=always', 'clone', '-q', '--recurse-submodules'],
            env: { GIT_ALLOW_PROTOCOL: 'ext:http' },
          }),
        ),
      attack: () => runs(ground, () => within({ GIT_ALLOW_PROTOCOL: 'ext:http' }, () => work(ground, 'submodule'))),
      twin,
    },
    ...spellings.map((_, index) => ({
      id: 'D19',
      name: `a commit that holds git’s folder as ${JSON.stringify(spellings[index])}`,
      baseline: async () => (await cloneRaw(ground, `spelled-${index}`, { args: lax })).code === 0,
      attack: () => work(ground, `spelled-${index}`),
      twin,
    })),
  ];
}

const spellings = [
  'git~1/config',
  '.git\u200c/config',
  '.GIT\u200d/config',
  '.git /config',
  '.git./config',
  '.git::$INDEX_ALLOCATION/config',
];

function isInFiles(folder: string, text: string): boolean {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).some((entry) => {
    return entry.isFile() && readFileSync(join(entry.parentPath, entry.name)).includes(text);
  });
}

/** Processes whose command line says this. */
function inCommandLines(text: string): readonly string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`).includes(text);
    } catch {
      return false; // it ended
    }
  });
}

/** Where a token may be left for others to find. */
function tokenCases(ground: Ground): Case[] {
  const { rig, evil } = ground;
  const withToken = rig.server.url.replace('://', `://x-access-token:${token}@`);
  const twin = ground.works;
  return [
    {
      id: 'D27',
      name: 'a token is left on the disk',
      baseline: async () => {
        const target = mkdtempSync(join(evil, 'token-'));
        await runBare('/usr/bin/git', ['clone', '-q', `${withToken}/plain`, 'tree'], {
          cwd: target,
          env: { HOME: evil },
        });
        return isInFiles(join(target, 'tree'), token);
      },
      attack: async () => {
        await using opened = await openWorkspace(
          rig.optionsFor('plain', ground.shas.get('plain') ?? '', { token: async () => token }),
        );
        await opened.checkout('attempt');
        const encoded = Buffer.from(`x-access-token:${token}`).toString('base64');
        return [token, encoded].some((text) => isInFiles(rig.dataDir, text));
      },
      twin,
    },
    {
      id: 'D27',
      name: 'a token stands in a command line while git fetches',
      baseline: () =>
        seenWhileHanging(ground, () =>
          runBare('/usr/bin/git', ['ls-remote', `${withToken}/plain`], { cwd: evil, env: { HOME: evil }, ms: 800 }),
        ),
      attack: () => seenWhileHanging(ground, () => work(ground, 'plain', { signal: AbortSignal.timeout(800) })),
      twin,
    },
    {
      id: 'D27',
      name: 'a redirect of the server’s is followed elsewhere',
      baseline: () =>
        sentElsewhere(ground, (url) => {
          const header = `http.extraHeader=Authorization: Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
          return runBare('/usr/bin/git', ['-c', header, '-c', 'http.followRedirects=true', 'ls-remote', url], {
            cwd: evil,
            env: { HOME: evil },
          });
        }),
      attack: () => sentElsewhere(ground, () => work(ground, 'plain')),
      twin,
    },
  ];
}

async function seenWhileHanging({ rig }: Ground, fetch: () => Promise<unknown>): Promise<boolean> {
  const look = () => [token, Buffer.from(`x-access-token:${token}`).toString('base64')].flatMap(inCommandLines);
  const before = look(); // what was killed may have left a process behind
  rig.server.fault = 'hang';
  const running = fetch();
  await pause(400);
  const isSeen = look().some((pid) => !before.includes(pid));
  await running;
  delete rig.server.fault;
  return isSeen;
}

/** Whether a server of somebody else's is asked. */
async function sentElsewhere({ rig }: Ground, fetch: (url: string) => Promise<unknown>): Promise<boolean> {
  let isAsked = false;
  const other = createServer((_, response) => {
    isAsked = true;
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  rig.server.fault = {
    redirectTo: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
  };
  await fetch(`${rig.server.url}/plain`);
  delete rig.server.fault;
  other.closeAllConnections();
  other.close();
  return isAsked;
}

/** What a box leaves in its tree and its home for the git that asks what changed. Its canary is a file of the tree. */
const plants: readonly (readonly [name: string, plant: string])[] = [
  ['a file monitor in the home folder', 'git config --file "$H/.gitconfig" core.fsmonitor "$R/run.sh"'],
  [
    'hooks in the home folder',
    'mkdir -p hooks; cp run.sh hooks/post-index-change; git config --file "$H/.gitconfig" core.hooksPath "$R/hooks"',
  ],
  [
    'a filter and its attributes',
    'git config --file "$H/.gitconfig" filter.evil.clean "$R/run.sh"; echo "* filter=evil" > .gitattributes',
  ],
  [
    'a process of a filter',
    'git config --file "$H/.gitconfig" filter.evil.process "$R/run.sh"; echo "* filter=evil" > .gitattributes',
  ],
];

async function plantCases(ends: AsyncDisposableStack): Promise<Case[]> {
  const { box, bare } = await openGround(ends);
  const lay =
    'printf "#!/bin/sh\\ntouch $R/canary\\n" > run.sh; chmod +x run.sh; rm -f canary .gitattributes $H/.gitconfig; date +%N > changed;';
  return plants.map(([name, plant]) => ({
    id: 'D20',
    name: `the box’s git runs ${name} when it is asked what changed`,
    baseline: async () => {
      const use = 'git init -q; git add -A; git status -s; git -c user.name=a -c user.email=a@b.c commit -qm a';
      const script = `R=$PWD; H=$PWD/home; export HOME=$H; mkdir -p $H; ${lay} ${plant}; ${use}; rm -rf .git`;
      await runBare('/bin/bash', ['-c', script], { cwd: bare });
      return existsSync(join(bare, 'canary'));
    },
    attack: async () => {
      await box.exec(`R=/repo; H=$HOME; ${lay} ${plant}`, 5000);
      const changed = await box.changes();
      return changed.some(({ path }) => path === 'canary') || (await box.exec('[ -e canary ]', 5000)).exitCode === 0;
    },
    twin: async () => (await box.changes()).some(({ path }) => path === 'changed'),
  }));
}

function layOut(rig: Rig): Pick<Ground, 'evil' | 'canary' | 'shas'> {
  const evil = join(rig.root, 'evil');
  const canary = join(evil, 'canary');
  for (const folder of ['hooks', 'template/hooks', 'home/git', 'programs'])
    mkdirSync(join(evil, folder), { recursive: true });
  for (const path of [
    'run.sh',
    'hooks/post-checkout',
    'hooks/reference-transaction',
    'template/hooks/post-checkout',
    'programs/git-remote-http',
    'programs/git',
  ]) {
    writeFileSync(join(evil, path), `#!/bin/sh\ntouch ${canary}\ncat\n`);
    chmodSync(join(evil, path), 0o755);
  }
  writeFileSync(join(evil, 'ask.sh'), `#!/bin/sh\ntouch ${canary}\necho x\n`, { mode: 0o755 });
  const make = (name: string, more: readonly Entry[]) =>
    [name, commit(rig.root, name, [...plainFiles, ...more])] as const;
  const shas = new Map([
    make('plain', []),
    make('filtered', [
      { path: '.gitattributes', content: '* filter=evil\n' },
      { path: 'a.txt', content: 'a\n' },
    ]),
    make('submodule', [
      { path: '.gitmodules', content: `[submodule "a"]\n\tpath = a\n\turl = "ext::sh -c touch% ${canary}"\n` },
      { path: 'a', mode: '160000', content: 'a'.repeat(40) },
    ]),
    ...spellings.map((path, index) => make(`spelled-${index}`, [{ path, content: 'x' }])),
  ]);
  return { evil, canary, shas };
}

export const git = sharedClass('git', async (ends) => {
  const rig = ends.use(await startRig());
  rig.server.tokens.add(token);
  const ground: Ground = { rig, ...layOut(rig), works: once(() => work(ground, 'plain')) };
  const onHost = [machineCases, helperCases, addressCases, contentCases, tokenCases].flatMap((make) => make(ground));
  return [...onHost, ...(await plantCases(ends))];
});
