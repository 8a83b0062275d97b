import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startProcess, type Process } from './main-process.ts';

const batches = 20; // of 1,000 lines of more than 200 bytes: a pipe holds 64 KiB, the log's memory one MiB

function start(format: string): Process {
  return startProcess([join(import.meta.dirname, 'main-log-child.ts'), format], { unread: true });
}

async function connectTo({ child }: Process): Promise<Socket> {
  const [port] = (await once(child.stderr ?? child, 'data')) as [Buffer]; // the child's first words
  const socket = connect(Number(port), '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

async function ask(socket: Socket, question: string): Promise<string> {
  socket.write(question);
  const [answer] = (await once(socket, 'data')) as [Buffer]; // what a socket's `data` carries
  return answer.toString();
}

it.each(['json', 'pretty'])(
  'RL-43: a process whose log nobody reads goes on answering, and ends in order (%s)',
  async (format) => {
    await using running = start(format);
    const socket = await connectTo(running);
    for (let batch = 1; batch <= batches; batch += 1) expect(await ask(socket, 'log')).toBe(`${batch * 1_000}\n`);
    socket.write('end');
    expect(await running.end).toMatchObject({ code: 0, signal: null });
  },
);

it.each(['json', 'pretty'])('RL-43: a log that flows again says how many lines are missing (%s)', async (format) => {
  await using running = start(format);
  const socket = await connectTo(running);
  for (let batch = 1; batch <= batches; batch += 1) await ask(socket, 'log');
  await running.says('lines are missing here');
  await ask(socket, 'log');
  socket.write('end');
  await running.end;
  const text = running.output().join('\n');
  const kept = text.match(/a line/g)?.length ?? 0;
  const missing = [...text.matchAll(/dropped\W+(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
  expect(missing).toBeGreaterThan(0);
  expect(kept + missing).toBe((batches + 1) * 1_000);
});

it('RL-43: a reader that goes away takes nothing with it', async () => {
  await using running = start('json');
  const socket = await connectTo(running);
  running.child.stdout?.destroy();
  for (let batch = 1; batch <= batches; batch += 1) expect(await ask(socket, 'log')).toBe(`${batch * 1_000}\n`);
  socket.write('end');
  expect(await running.end).toMatchObject({ code: 0 });
});
