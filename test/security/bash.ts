import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { createSandbox } from '../../src/sandbox/index.ts';
import { makeCheckout } from '../sandbox/checkout.ts';
import { sharedClass, type Case } from './case.ts';
import { disposable, openGround, runBare, runDisposable, type Ground } from './ground.ts';

let count = 0;
/** Seconds to sleep that nobody else sleeps: a process is told by them. */
function mark(): string {
  count += 1;
  return `7${process.pid}.${count}`;
}

/** Processes of the host, whoever's, whose command line or name says this. */
function living(text: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((id) => {
      try {
        const isGone = / [ZX] /.test(readFileSync(`/proc/${id}/stat`, 'latin1').replace(/.*\)/, ''));
        return !isGone && readFileSync(`/proc/${id}/cmdline`, 'latin1').includes(text);
      } catch {
        return false; // it ended while we looked
      }
    })
    .map(Number);
}

function endAll(text: string): void {
  for (const pid of living(text)) process.kill(pid, 'SIGKILL');
}

/** Ways to stay when the shell that started it is killed. `MARK` is slept. */
const survivors: readonly (readonly [name: string, script: string])[] = [
  ['in the background', 'sleep MARK & sleep 60'],
  ['in a session of its own', 'setsid sleep MARK & sleep 60'],
  ['by a double fork', '( (setsid sleep MARK &) & ) ; sleep 60'],
  ['with nohup', 'nohup sleep MARK > /dev/null 2>&1 & sleep 60'],
  ['disowned', 'sleep MARK & disown -a; sleep 60'],
  ['without our mark in its environment', 'env -i setsid sleep MARK & sleep 60'],
  ['stopped', 'setsid sleep MARK & kill -STOP $!; sleep 60'],
  ['deaf to signals', 'setsid bash -c \'trap "" TERM HUP INT QUIT; sleep MARK; sleep MARK\' & sleep 60'],
  ['under another name', 'setsid bash -c "exec -a [kworker/0:1] sleep MARK" & sleep 60'],
  ['with its streams closed', 'setsid sleep MARK <&- >&- 2>&- & sleep 60'],
  [
    'as a daemon',
    `PYTHON -c 'import os,sys
if os.fork(): sys.exit()
os.setsid()
if os.fork(): sys.exit()
os.chdir("/"); os.environ.clear()
os.execv("/bin/sleep", ["sleep", "MARK"])' ; sleep 60`,
  ],
  ['started again whenever it ends', "setsid bash -c 'while :; do sleep MARK; done' & sleep 60"],
  ['in a process group of its own', 'set -m; sleep MARK & sleep 60'],
  ['by a chain of orphans', 'setsid bash -c \'setsid bash -c "setsid sleep MARK &" &\' & sleep 60'],
  ['in a pipe', 'sleep MARK | (setsid sleep MARK & wait) & sleep 60'],
  ['in many copies', 'for i in 1 2 3 4 5 6 7 8; do env -i setsid sleep MARK & done; sleep 60'],
];

function scriptOf(script: string, seconds: string): string {
  return script.replaceAll('MARK', seconds).replace('PYTHON', '/usr/bin/python3');
}

/** A shell that is killed at its limit and nothing else, as most tools do it. */
async function survivesBare(script: string, { bare }: Ground): Promise<boolean> {
  const seconds = mark();
  return outlives(scriptOf(script, seconds), bare, async () => {
    await pause(400);
    return living(seconds).length > 0;
  });
}

/**
 * Runs it in namespaces of its own, with a shell around the shell that is killed; whether what is looked for then is so after that. Ending
 * the namespaces ends what is left.
 */
async function outlives(script: string, bare: string, look: () => Promise<boolean>): Promise<boolean> {
  const around = 'bash -c "$SCRIPT" > /dev/null 2>&1 & read -r; kill -9 $!; echo killed; sleep 60';
  const child = spawn('/usr/bin/bwrap', [...disposable(bare), '/bin/bash', '-c', around], {
    // Not in a command line: processes are looked for there.
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', SCRIPT: script },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  try {
    await look();
    child.stdin.write('now\n');
    await once(child.stdout, 'data');
    return await look();
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

function survivorCases(ground: Ground): Case[] {
  const { box } = ground;
  return survivors.map(([name, script]) => ({
    id: 'D12',
    name: `a process stays after its call ${name}`,
    baseline: () => survivesBare(script, ground),
    attack: async () => {
      const seconds = mark();
      await box.tool('Bash', { command: scriptOf(script, seconds), timeout: 400 });
      return living(`sleep\0${seconds}`).length > 0 || living(seconds).length > 0;
    },
    // What a call that ends by itself leaves running, such as a server for the next call, stays.
    twin: async () => {
      const seconds = mark();
      await box.tool('Bash', { command: `setsid sleep ${seconds} > /dev/null 2>&1 &` });
      const isAlive = living(seconds).length > 0;
      endAll(seconds);
      return isAlive;
    },
  }));
}

/** What is left of a box after it was closed. */
function afterwardsCases(ground: Ground): Case[] {
  const rows = survivors.filter(([name]) => /environment|daemon|stopped|session|orphans/.test(name));
  return rows.map(([name, script]) => ({
    id: 'D12',
    name: `a process stays after its box ${name}`,
    baseline: () => survivesBare(script, ground),
    attack: async () => {
      const seconds = mark();
      await using checkout = await makeCheckout({});
      const sandbox = createSandbox({ kind: 'bubblewrap', nodePath: process.execPath });
      const box = await sandbox.open({ checkout, signal: new AbortController().signal });
      const running = box.exec(scriptOf(script, seconds), 60_000).catch(() => undefined);
      await until(() => living(seconds).length > 0);
      await box[Symbol.asyncDispose]();
      await running;
      const isAlive = living(seconds).length > 0;
      endAll(seconds);
      return isAlive;
    },
    twin: async () => (await ground.box.exec('echo here', 5000)).output === 'here\n',
  }));
}

async function until(isSo: () => boolean): Promise<void> {
  for (let left = 500; left > 0 && !isSo(); left -= 1) await pause(10);
}

const megabyte = 1024 * 1024;

/** Commands that print without end, or much: the answer stays small, and comes. */
const floods: readonly (readonly [name: string, script: string])[] = [
  ['lines without end', 'yes needle'],
  ['lines without end as errors', 'yes needle >&2'],
  ['one line without end', "tr '\\0' x < /dev/zero"],
  ['bytes without end', 'cat /dev/urandom'],
  ['40 MB and then the end', 'head -c 40000000 /dev/zero | tr "\\0" x'],
  ['lines without end from the background', '(yes needle &); sleep 60'],
];

function floodCases(ground: Ground): Case[] {
  const { box, bare } = ground;
  const twin = async () => (await box.tool('Bash', { command: 'seq 1 2000' })).text.split('\n').length >= 2000;
  return floods.map(([name, script]) => ({
    id: 'D11',
    name: `a command prints ${name}`,
    baseline: async () =>
      (await runBare('/bin/bash', ['-c', script], { cwd: bare, ms: 1500 })).output.length > 10 * megabyte,
    attack: async () => {
      const startedAt = performance.now();
      const { text } = await box.tool('Bash', { command: script, timeout: 3000 });
      return text.length > 40_000 || performance.now() - startedAt > 8000;
    },
    twin,
  }));
}

/** What takes more than it is given. On the host, where nothing counts, it succeeds. */
const greedy: readonly (readonly [name: string, script: string])[] = [
  [
    'fills the temporary folder',
    'head -c 70000000 /dev/zero > ${TMPDIR:-/tmp}/attack-full; r=$?; rm -f ${TMPDIR:-/tmp}/attack-full; exit $r',
  ],
  [
    'fills the shared memory',
    'head -c 70000000 /dev/zero > /dev/shm/attack-full; r=$?; rm -f /dev/shm/attack-full; exit $r',
  ],
  ['writes a file larger than any', 'head -c 90000000 /dev/zero > attack-large; r=$?; rm -f attack-large; exit $r'],
  ['makes a sparse file larger than any', 'truncate -s 90000000 attack-large && rm attack-large'],
  [
    'opens more files than any program',
    'python3 -c \'files = [open("/dev/null") for i in range(600)]\' || /usr/bin/python3 -c \'files = [open("/dev/null") for i in range(600)]\'',
  ],
  ['leaves a core file', 'ulimit -c unlimited 2>/dev/null && [ "$(ulimit -c)" = unlimited ]'],
];

function greedyCases(ground: Ground): Case[] {
  const { box, bare } = ground;
  return greedy.map(([name, script]) => ({
    id: 'D11',
    name: `a command ${name}`,
    baseline: async () => (await runDisposable(script, { cwd: bare })).code === 0,
    attack: async () => (await box.exec(script, 10_000)).exitCode === 0,
    twin: async () => (await box.exec('head -c 1000000 /dev/zero > /tmp/fits && rm /tmp/fits', 5000)).exitCode === 0,
  }));
}

/** Commands that don't end. */
const endless: readonly (readonly [name: string, script: string])[] = [
  ['sleeps', 'sleep MARK'],
  ['waits for input', 'cat; sleep MARK'],
  ['spins', 'exec -a MARK bash -c "while :; do :; done"'],
  ['ignores every signal it may', "trap '' TERM INT HUP QUIT; sleep MARK; sleep MARK"],
  ['stops itself', 'exec -a MARK bash -c "kill -STOP \\$\\$; sleep 60"'],
];

function endlessCases(ground: Ground): Case[] {
  const { box, bare } = ground;
  return endless.map(([name, script]) => ({
    id: 'D11',
    name: `a command ${name} past its time limit`,
    baseline: async () => {
      const seconds = mark();
      const running = runBare('/bin/bash', ['-c', scriptOf(script, seconds)], { cwd: bare, ms: 1200 });
      await pause(700);
      const isAlive = living(seconds).length > 0;
      endAll(seconds);
      await running;
      return isAlive;
    },
    attack: async () => {
      const seconds = mark();
      const startedAt = performance.now();
      await box.tool('Bash', { command: scriptOf(script, seconds), timeout: 400 });
      return performance.now() - startedAt > 5000 || living(seconds).length > 0;
    },
    twin: async () => (await box.tool('Bash', { command: 'sleep 0.2; echo done', timeout: 5000 })).text === 'done',
  }));
}

/** A fork bomb of a size that a host survives: each one starts two, to a depth. */
const bomb = 'bomb() { [ "$1" -le 0 ] && sleep MARK && return; bomb $(($1 - 1)) & bomb $(($1 - 1)) & wait; }; bomb 7';

function bombCases(ground: Ground): Case[] {
  const { box, bare } = ground;
  return [
    {
      id: 'D11',
      name: 'a tree of 250 processes outlives its call',
      baseline: async () => {
        const seconds = mark();
        return outlives(scriptOf(bomb, seconds), bare, async () => {
          await until(() => living(seconds).length > 100);
          return living(seconds).length > 100;
        });
      },
      attack: async () => {
        const seconds = mark();
        await box.tool('Bash', { command: scriptOf(bomb, seconds), timeout: 2000 });
        const isAlive = living(seconds).length > 0;
        endAll(seconds);
        return isAlive;
      },
      twin: async () =>
        (await box.exec('for i in $(seq 1 40); do sleep 0.1 & done; wait; echo all', 10_000)).output === 'all\n',
    },
  ];
}

export const bash = sharedClass('bash', async (ends) => {
  const ground = await openGround(ends, { tempBytes: 64 * megabyte, fileBytes: 80 * megabyte, openFiles: 512 });
  return [survivorCases, afterwardsCases, floodCases, greedyCases, endlessCases, bombCases].flatMap((make) =>
    make(ground),
  );
});
