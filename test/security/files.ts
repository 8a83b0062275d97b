import { spawn } from 'node:child_process';
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { sharedClass, type Case } from './case.ts';
import { openGround, runBare, type Ground } from './ground.ts';

const secret = 'never-to-be-read';

/** What lies there before anything is tried: the same on the host and in the box, made by the repository or a test of it. */
const traps = `
  mkdir -p t && cd t
  mkfifo pipe; truncate -s 70M huge; truncate -s 1500M endless; : > empty
  ln -s /etc/passwd link; ln -s ../../../../../../../etc/passwd relative; ln -s link chain; ln -s /etc etc; ln -s ../.git git
  ln -s ../../outside dangling; ln -s /proc/self/environ environ; ln -s /dev/zero zero; ln -s loop loop
  ln -s /proc/self/root root; ln -s /proc/self/cwd cwd; mkdir folder
  python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")' 2>/dev/null || /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
  true`;

/** Paths that must not be read. On the host the tool without a check reads them, or never comes back. */
const reads: readonly (readonly [id: 'D16' | 'D19' | 'D1', name: string, path: string])[] = [
  ['D1', 'a file of the system', '/etc/passwd'],
  ['D1', 'up and out', '../../../../../../../etc/passwd'],
  ['D1', 'up from a folder of ours', 't/../../../../../../../etc/passwd'],
  ['D1', 'the environment of the tool host', '/proc/self/environ'],
  ['D1', 'the command line of the first process', '/proc/1/cmdline'],
  ['D1', 'its command line', '/proc/self/cmdline'],
  ['D1', 'the root by way of /proc', '/proc/self/root/etc/passwd'],
  ['D1', 'the mounts', '/proc/self/mountinfo'],
  ['D1', 'the memory map', '/proc/self/maps'],
  ['D16', 'a link to a file outside', 't/link'],
  ['D16', 'a relative link out', 't/relative'],
  ['D16', 'a link to a link', 't/chain'],
  ['D16', 'a file behind a linked folder', 't/etc/passwd'],
  ['D16', 'a link to the environment', 't/environ'],
  ['D16', 'a link to an endless device', 't/zero'],
  ['D16', 'a link to the root', 't/root/etc/passwd'],
  ['D16', 'a pipe that nobody writes to', 't/pipe'],
  ['D16', 'an endless device', '/dev/zero'],
  ['D16', 'a random device', '/dev/urandom'],
  ['D16', 'a file of 70 MiB', 't/huge'],
  ['D16', 'a file of 1.5 GB', 't/endless'],
  ['D19', 'git’s settings', '.git/config'],
  ['D19', 'git’s settings up and down again', 't/../.git/config'],
  ['D19', 'git’s settings by a link', 't/git/config'],
  ['D19', 'git’s settings by their full path', '/repo/.git/config'],
  ['D19', 'git’s settings with two slashes', './/.git//config'],
];

/** Paths that must not be written. */
const writes: readonly (readonly [id: 'D16' | 'D19', name: string, path: string])[] = [
  ['D19', 'beside the repository', '../beside'],
  ['D19', 'in the system', '/usr/attack-canary'],
  ['D19', 'in /etc', '/etc/attack-canary'],
  ['D19', 'in the root', '/attack-canary'],
  ['D16', 'through a dangling link', 't/dangling'],
  ['D16', 'behind a linked folder', 't/etc/attack-canary'],
  ['D16', 'behind a link to the root', 't/root/attack-canary'],
  ['D16', 'into a loop of links', 't/loop/x'],
  ['D19', 'git’s settings', '.git/config'],
  ['D19', 'a hook', '.git/hooks/post-checkout'],
  ['D19', 'a hook by a link', 't/git/hooks/post-checkout'],
  ['D19', 'a hook in capitals', '.GIT/hooks/post-checkout'],
  ['D19', 'a hook with an invisible character', '.g\u200dit/hooks/post-checkout'],
  ['D19', 'a hook with a trailing dot', '.git./hooks/post-checkout'],
  ['D19', 'a hook with a trailing space', '.git /hooks/post-checkout'],
  ['D19', 'a hook by a short name', 'git~1/hooks/post-checkout'],
  ['D19', 'a hook by a stream', '.git::$INDEX_ALLOCATION/hooks/post-checkout'],
  ['D19', 'a repository within', 'sub/.git/config'],
  ['D19', 'a repository within, in wide letters', 'sub/.ｇｉｔ/config'],
];

/** The same place in the host's folder, which is nobody's but ours: what would be outside is a folder of it, too. */
function onHost(path: string, bare: string): string {
  return path.startsWith('/repo/') ? join(bare, 'tree', path.slice(6)) : path;
}

function readCases({ box, bare }: Ground): Case[] {
  return reads.map(([id, name, path]) => ({
    id,
    name: `Read of ${name}`,
    baseline: async () => {
      const { code, output } = await runBare('/bin/cat', ['--', onHost(path, bare)], {
        cwd: join(bare, 'tree'),
        ms: 1000,
      });
      return code === null || (code === 0 && output.length > 0);
    },
    attack: async () => {
      const startedAt = performance.now();
      const { isError } = await box.tool('Read', { file_path: path });
      return !isError || performance.now() - startedAt > 2000;
    },
    twin: async () => (await box.tool('Read', { file_path: 'src/b.txt' })).text.includes('b'),
  }));
}

function writeCases({ box, bare }: Ground): Case[] {
  let count = 0;
  return writes.map(([id, name, path]) => ({
    id,
    name: `Write ${name}`,
    // Absolute ones stay within the host's folder: what a tool writes that joins root and path.
    baseline: async () => {
      const outer = join(bare, 'tree');
      const target = path.startsWith('/') ? `../outer${path}` : path;
      const command = 'mkdir -p "$(dirname "$1")" 2>/dev/null; echo x > "$1"';
      const { code } = await runBare(
        '/bin/bash',
        ['-c', command, 'write', target.replace(/^t\/(etc|root)/, '../outer')],
        { cwd: outer },
      );
      return code === 0 || path.includes('loop');
    },
    attack: async () => !(await box.tool('Write', { file_path: path, content: 'x' })).isError,
    twin: async () => {
      count += 1;
      return !(await box.tool('Write', { file_path: `new/${count}.txt`, content: 'x' })).isError;
    },
  }));
}

/** Swaps a file for a link and back as fast as it can, for as long as it is let. */
const swap = `
  const fs = require('node:fs'); const [folder, target] = process.argv.slice(2); process.chdir(folder);
  fs.writeFileSync('plain', 'plain'); for (const name of ['p', 'l', 'raced']) fs.rmSync(name, { force: true });
  for (const until = Date.now() + 60_000; Date.now() < until;) {
    fs.linkSync('plain', 'p'); fs.renameSync('p', 'raced'); fs.rmSync('p', { force: true });
    fs.symlinkSync(target, 'l'); fs.renameSync('l', 'raced');
  }`;

/** Looks where the path leads and then opens it by name, as most tools do. */
function readAfterCheck(path: string, root: string): string {
  try {
    if (!realpathSync(path).startsWith(root)) return '';
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

async function racedOnHost({ bare }: Ground): Promise<boolean> {
  const folder = join(bare, 'race');
  writeFileSync(join(bare, 'secret'), secret);
  writeFileSync(join(bare, 'swap.cjs'), swap);
  const child = spawn(process.execPath, [join(bare, 'swap.cjs'), folder, join(bare, 'secret')], { stdio: 'ignore' });
  await pause(200);
  let isHit = false;
  for (let left = 200_000; left > 0 && !isHit && child.exitCode === null; left -= 1)
    isHit = readAfterCheck(join(folder, 'raced'), folder) === secret;
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return isHit;
}

const tries = 10_000;

/** The tool reads while a process of the repository swaps. Throws when it met only one of the two, as then nothing was raced. */
async function racedInside({ box }: Ground, target: string, marks: RegExp): Promise<boolean> {
  await box.tool('Write', { file_path: 'race/swap.cjs', content: swap });
  const start = `(/opt/backend/bin/node /repo/race/swap.cjs /repo/race ${target} > /dev/null 2>&1 & echo $! > /repo/race/pid); sleep 0.3`;
  await box.exec(start, 10_000);
  const seen = { hits: 0, plain: 0, refused: 0 };
  for (let left = tries; left > 0; left -= 50) {
    const calls = Array.from({ length: 50 }, () => box.tool('Read', { file_path: 'race/raced' }));
    for (const { isError, text } of await Promise.all(calls)) {
      if (!isError && marks.test(text)) seen.hits += 1;
      else if (isError) seen.refused += 1;
      else seen.plain += 1;
    }
  }
  await box.exec('kill -9 $(cat /repo/race/pid); rm -rf /repo/race', 10_000);
  if (seen.plain < 100 || seen.refused < 100) throw new Error(`it was no race: ${JSON.stringify(seen)}`);
  return seen.hits > 0;
}

function raceCases(ground: Ground): Case[] {
  const rows = [
    ['git’s settings', '/repo/.git/config', /repositoryformatversion/],
    ['a file of the system', '/etc/passwd', /agent:|root:/],
  ] as const;
  return rows.map(([name, target, marks]) => ({
    id: 'D17',
    name: `a file becomes a link to ${name} between check and use (10,000 tries)`,
    baseline: () => racedOnHost(ground),
    attack: () => racedInside(ground, target, marks),
    twin: async () => {
      await ground.box.exec('echo still > /repo/race-over', 5000);
      return (await ground.box.tool('Read', { file_path: 'race-over' })).text.includes('still');
    },
  }));
}

/** Paths made of what has worked somewhere. */
const parts = fc.array(
  fc.constantFrom(
    '..',
    '.',
    '',
    't',
    'etc',
    'link',
    'root',
    '.git',
    '.GIT',
    'passwd',
    'config',
    'proc',
    'self',
    '~',
    'cwd',
    'git',
    'chain',
  ),
  { minLength: 1, maxLength: 7 },
);

function propertyCases({ box, bare }: Ground): Case[] {
  return [
    {
      id: 'D1',
      name: 'property: no path made of links, dots and git reads anything but the repository (400 paths)',
      baseline: async () => (await runBare('/bin/cat', ['t/root/etc/passwd'], { cwd: join(bare, 'tree') })).code === 0,
      attack: async () => {
        const isSafe = fc.asyncProperty(fc.constantFrom('', '/', 't/', '/repo/'), parts, async (start, names) => {
          const { isError, text } = await box.tool('Read', { file_path: `${start}${names.join('/')}` || '.' });
          return isError || !/root:|repositoryformatversion|PATH=/.test(text);
        });
        return (await fc.check(isSafe, { numRuns: 400 })).failed;
      },
      twin: async () => !(await box.tool('Read', { file_path: './src/../src//b.txt' })).isError,
    },
  ];
}

export const files = sharedClass('files', async (ends) => {
  const ground = await openGround(ends);
  const { bare, box } = ground;
  const plain = 'mkdir -p tree/.git/hooks outer/etc race; echo repositoryformatversion > tree/.git/config; cd tree;';
  await runBare('/bin/bash', ['-c', `${plain} ${traps}`], { cwd: bare });
  const { exitCode, output } = await box.exec(traps, 20_000);
  if (exitCode !== 0) throw new Error(`the traps can't be laid: ${output}`);
  return [...readCases(ground), ...writeCases(ground), ...raceCases(ground), ...propertyCases(ground)];
});
