import { describe, expect, it } from 'vitest';
import { startToolHost } from '../../src/sandbox/tool-host.ts';

/** A tool host that answers as the attacker likes. `send` writes one frame; `onRequest` gets every later frame's id. */
const prelude = `
  const send = (value) => { const body = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)); const head = Buffer.alloc(4); head.writeUInt32BE(body.length); process.stdout.write(Buffer.concat([head, body])); };
  let onRequest = () => {}; let place = true; let held = Buffer.alloc(0);
  process.stdin.on('data', (chunk) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 4 && held.length >= 4 + held.readUInt32BE(0)) {
      const end = 4 + held.readUInt32BE(0);
      const frame = JSON.parse(held.subarray(4, end));
      held = held.subarray(end);
      if (place) place = false; else onRequest(frame.id);
    }
  });
  process.stdin.on('end', () => process.exit(0));
`;

function start(script: string, signal = new AbortController().signal) {
  const launch = {
    program: process.execPath,
    args: ['-e', prelude + script],
    hiddenArgs: [],
    env: {},
    cwd: '/',
    ending: { mark: 'none' },
  };
  return startToolHost({ launch, place: {} }, signal);
}

describe('a hostile tool host', () => {
  it.each([
    ['garbage instead of JSON', "send('{')"],
    ['JSON that is no answer', "send({ hello: 'world' })"],
    ['a frame larger than allowed', 'process.stdout.write(Buffer.from([255, 255, 255, 255]))'],
    ['its own end', 'process.exit(3)'],
    ['an error kind that there is not', "send({ id, error: { kind: 'root', message: 'x' } })"],
  ])('costs only its own box when it answers with %s', async (_, answer) => {
    const host = await start(`send({ id: 'ready' }); onRequest = (id) => { ${answer} };`);
    await expect(host.call({ op: 'ping' }, 10_000)).rejects.toMatchObject({ code: 'box-lost' });
    await expect(host.call({ op: 'ping' }, 10_000)).rejects.toMatchObject({ code: 'box-lost' });
    await host.close();
  });

  it('can not answer calls that nobody made', async () => {
    const host = await start(
      `send({ id: 'ready' }); onRequest = (id) => { send({ id: 'other', value: 1 }); send({ id, value: 2 }); send({ id, value: 3 }); };`,
    );
    expect(await host.call({ op: 'ping' }, 10_000)).toBe(2);
    expect(await host.call({ op: 'ping' }, 10_000)).toBe(2);
    await host.close();
  });

  it('loses its box when it never answers', async () => {
    const host = await start(`send({ id: 'ready' });`);
    await expect(host.call({ op: 'ping' }, 50)).rejects.toMatchObject({
      code: 'box-lost',
      message: 'The box did not answer within 50 ms.',
    });
    await host.close();
  });

  it('may send its answer in pieces', async () => {
    const pieces = `onRequest = (id) => { const body = Buffer.from(JSON.stringify({ id, value: 'x'.repeat(1000) })); const head = Buffer.alloc(4); head.writeUInt32BE(body.length); for (const byte of Buffer.concat([head, body])) process.stdout.write(Buffer.from([byte])); };`;
    const host = await start(`send({ id: 'ready' }); ${pieces}`);
    expect(await host.call({ op: 'ping' }, 10_000)).toBe('x'.repeat(1000));
    await host.close();
  });

  it('puts no control characters into our messages', async () => {
    const host = await start(
      String.raw`send({ id: 'ready' }); onRequest = (id) => send({ id, error: { kind: 'refused', message: 'a\u001b[31m\nb' + 'x'.repeat(5000) } });`,
    );
    await expect(host.call({ op: 'ping' }, 10_000)).rejects.toMatchObject({
      code: 'change-set-refused',
      message: expect.stringMatching(/^a \[31m bx{1,2000}$/) as string,
    });
    await host.close();
  });

  it('that never gets ready is told with what it printed', async () => {
    await expect(start(`console.error('no bread here'); process.exit(1)`)).rejects.toMatchObject({
      code: 'box-unavailable',
      message: 'No box could be opened. The box ended (exit code 1: no bread here).',
    });
  });
});
