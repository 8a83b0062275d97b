import type { Box } from '../../src/sandbox/index.ts';
import { openBox } from '../sandbox/checkout.ts';

/** A program that forks as fast as it can, each process in a session and with an environment of its own, up to a number of processes. */
function bomb(size: number): string {
  const program = [
    'import os',
    'while True:',
    '    try:',
    `        if sum(name.isdigit() for name in os.listdir("/proc")) < ${String(size)} and os.fork() == 0: os.setsid()`,
    '    except OSError: pass',
  ];
  return `cat > /tmp/bomb.py <<'END'\n${program.join('\n')}\nEND\nenv -i /usr/bin/python3 /tmp/bomb.py`;
}

/** Calls that no polite signal ends, and one of which each escapes a way of finding processes. */
export const hungCalls: readonly (readonly [name: string, command: string])[] = [
  ['ignores every signal it may', "trap '' TERM INT HUP QUIT USR1; while :; do sleep 630; done"],
  [
    'forks twice into a session of its own',
    '(setsid bash -c \'(trap "" TERM HUP; sleep 630) & (sleep 630) &\' &); sleep 630',
  ],
  [
    'stops itself and what it started',
    "sleep 630 & kill -STOP $!; (setsid bash -c 'kill -STOP $$; sleep 1' &); kill -STOP $$",
  ],
  [
    'holds its pipes open after its parent is gone',
    "(trap '' PIPE HUP; setsid sleep 630 | setsid cat | setsid cat &); sleep 630",
  ],
  [
    'has several hundred busy processes',
    "for i in $(seq 200); do (setsid env -i sh -c 'while :; do :; done' &); done; sleep 630",
  ],
  ['starts new processes faster than anybody looks', bomb(400)],
];

/** How one hung call ended. `lateMs` is how long after its deadline its answer came. */
export interface HungCall {
  readonly name: string;
  readonly lateMs: number;
  readonly text: string;
  /** Processes in the box afterwards that are not its own. */
  readonly left: number;
}

const timeout = 500;

/** Living processes in a box beside bwrap, the tool host and the shell that counts. */
export async function countOthers(box: Pick<Box, 'exec'>): Promise<number> {
  const isLiving = 'read -r row < $stat && row=${row##*) } && [ ${row%% *} != Z ]';
  const count = `n=-3; for stat in /proc/[0-9]*/stat; do ${isLiving} && n=$((n + 1)); done 2> /dev/null; echo $n`;
  return Number((await box.exec(count, 20_000)).output);
}

/**
 * RL-36 for the fault runner, under a minute: every hung call in a box of its own, and a bomb of 1,500 processes. Throws unless each is answered at
 * most two seconds after its deadline, nothing of it is left, and the box goes on.
 */
export async function runHungCalls(): Promise<readonly HungCall[]> {
  const calls: HungCall[] = [];
  for (const [name, command] of [...hungCalls, ['forks without end, 1,500 at once', bomb(1500)] as const]) {
    await using own = await openBox({});
    const beganAt = performance.now();
    const { text } = await own.box.tool('Bash', { command, timeout });
    const lateMs = Math.round(performance.now() - beganAt - timeout);
    const left = await countOthers(own.box);
    const call = { name, lateMs, text, left };
    calls.push(call);
    if (lateMs > 2000 || left !== 0 || !text.includes('[Stopped at its time limit'))
      throw new Error(`RL-36: ${JSON.stringify(call)}`);
  }
  return calls;
}
