import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startProcess } from '../main-process.ts';

/** Everything that a process of ours wrote to its standard output. */
async function logOf(format: string, ...texts: readonly string[]): Promise<string> {
  await using running = startProcess([join(import.meta.dirname, 'log-child.ts'), format, ...texts]);
  const { code, stderr } = await running.end;
  expect(`${code} ${stderr}`).toBe('0 ');
  return running.output().join('\n');
}

const secret = 'v3ry-s3cret-webhook-value-0123';

it.each(['json', 'pretty'])(
  'D31: nothing in a log line moves a cursor, forges a line or turns it around (%s)',
  async (format) => {
    const hostile = 'a\u001b[2Jb\u009b1mc\u0007d\u202ee\rf';
    const log = await logOf(format, hostile, 'größe ✓ привет');
    for (const character of ['\u001b', '\u009b', '\u0007', '\u202e', '\r']) expect(log).not.toContain(character);
    expect(log).toContain('größe ✓ привет');
    expect(log).toContain('[2Jb');
  },
);

it.each(['json', 'pretty'])('D31: a line break in a text begins no line of the log (%s)', async (format) => {
  const log = await logOf(format, 'a\n[00:00:00.000] ERROR (1): forged', 'b\r\n{"level":50,"msg":"forged"}');
  expect(log.match(/forged/g)?.length).toBeGreaterThanOrEqual(2);
  expect(log).not.toMatch(/^(?:\[00:00:00|\{"level":50,"msg":"forged")/m);
});

it.each(['json', 'pretty'])('D30: a secret in a log line is its name there (%s)', async (format) => {
  const forms = [
    secret,
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('hex'),
    secret.slice(5, 17),
  ];
  const log = await logOf(format, ...forms, 'nothing of ours');
  for (const form of forms) expect(log).not.toContain(form);
  expect(log.match(/\[secret WEBHOOK_SECRET\]/g)?.length).toBeGreaterThanOrEqual(forms.length);
  expect(log).toContain('nothing of ours');
});

it.each(['json', 'pretty'])('D31: a line without end is cut, and says how long it was (%s)', async (format) => {
  const log = await logOf(format, 'y'.repeat(100_000), 'short');
  expect(log).toContain('a line was too long for the log');
  expect(log.length).toBeLessThan(30_000);
  expect(log).toContain('short');
});
