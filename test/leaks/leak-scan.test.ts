import { createHash, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLeakScan } from '../../src/leaks/index.ts';
import { forms, seeded, textOnly } from './written.ts';

const newKey = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  }).privateKey;
const privateKey = newKey();
const token = `ghs_${seeded('token', 516)}`;
const secrets = [
  { name: 'PRIVATE_KEY', value: privateKey },
  { name: 'WEBHOOK_SECRET', value: createHash('sha256').update('hook').digest('hex') },
  { name: 'ANTHROPIC_API_KEY', value: `sk-ant-api03-${seeded('model', 95)}` },
  { name: 'DATABASE_URL', value: 'p4ssWörd/+=!x' },
  { name: 'TOKEN', value: token },
];
const scan = createLeakScan(secrets);

/** Where twelve bytes of each secret may be taken from: not the label that a token begins with, nor the frame of a key. */
function pieces(value: string): Buffer[] {
  const body = value.startsWith('-----') ? value.replace(/-----[^-]*-----|\s/g, '').slice(60, 350) : value;
  const bytes = Buffer.from(body);
  const from = /^(?:ghs_|sk-ant-api03-)/.exec(body)?.[0].length ?? 0;
  const last = bytes.length - 12;
  return [from, Math.floor((from + last) / 2), last].map((start) => bytes.subarray(start, start + 12));
}

describe.each(secrets)('D30: of $name', ({ name, value }) => {
  it.each(forms)('twelve bytes are recognised: %s', (form, write) => {
    for (const piece of pieces(value)) {
      if (textOnly.includes(form) && piece.some((byte) => byte > 126)) continue;
      const written = Buffer.concat([Buffer.from('const a = "'), Buffer.from(write(piece)), Buffer.from('";')]);
      expect(createLeakScan([]).find(written)).toBeUndefined();
      expect(scan.find(written)).toBe(name);
    }
  });

  it.each(forms)('and in text within text, where backslashes double: %s', (_, write) => {
    const texts = pieces(value).map((piece) => Buffer.from(write(piece)).toString('latin1'));
    for (const text of texts.filter((each) => !/[\u0080-\uffff]/.test(each)))
      for (const written of [JSON.stringify({ text }), JSON.stringify(JSON.stringify({ text }))])
        expect(scan.find(written)).toBe(name);
  });

  it('eleven bytes are not', () => {
    for (const piece of pieces(value)) expect(scan.find(piece.subarray(0, 11))).toBeUndefined();
  });
});

it('D30: the key is recognised whole, in any dress', () => {
  const der = Buffer.from(privateKey.replace(/-----[^-]*-----|\s/g, ''), 'base64');
  const dresses = [
    privateKey,
    JSON.stringify({ privateKey }),
    der,
    der.toString('hex'),
    Buffer.from(privateKey).toString('base64'),
    der.subarray(700, 740),
  ];
  for (const dress of dresses) expect(scan.find(dress)).toBe('PRIVATE_KEY');
});

it('D30: another key, another token and what all of them begin with are nobody’s secret', () => {
  for (const text of [newKey(), Buffer.from(newKey()).toString('base64'), 'sk-ant-api03-…', `ghs_${seeded('x', 516)}`])
    expect(scan.find(text)).toBeUndefined();
  const jwt = `${Buffer.from('{"alg":"RS256","typ":"JWT"}').toString('base64url')}.`;
  const withJwt = createLeakScan([{ name: 'JWT', value: `${jwt}${seeded('jwt', 200)}` }]);
  expect(withJwt.find(`${jwt}${seeded('other', 200)}`)).toBeUndefined();
  expect(withJwt.find(`${jwt}${seeded('jwt', 20)}`)).toBe('JWT');
});

it('D30: a short secret is found whole only, and one of less than six bytes never', () => {
  const short = createLeakScan([
    { name: 'SHORT', value: 'hunter-2' },
    { name: 'TINY', value: 'abc' },
  ]);
  expect(short.find('x hunter-2 x')).toBe('SHORT');
  expect(short.find(Buffer.from('hunter-2').toString('hex'))).toBe('SHORT');
  expect(short.find(Buffer.from('hunter-2').toString('base64'))).toBe('SHORT');
  expect(short.find('hunter- and abc')).toBeUndefined();
});

it('D30: text that nobody took from a secret is never taken for one', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes).toString('base64')),
    fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes).toString('hex')),
    fc.array(fc.uuid(), { maxLength: 20 }).map((ids) => ids.join('\n')),
  );
  fc.assert(
    fc.property(anything, (text) => scan.find(text) === undefined),
    { seed: 30, numRuns: 300 },
  );
  for (const file of ['package-lock.json', 'SECURITY.md', 'src/config.ts'])
    expect(scan.find(readFileSync(file))).toBeUndefined();
});

it('D30: a token that is added is a secret until it is forgotten, and not more are kept than can be', () => {
  const own = createLeakScan([]);
  own.add('first', seeded('first', 40));
  expect(own.find(seeded('first', 40))).toBe('first');
  own.forget(seeded('first', 40));
  expect(own.find(seeded('first', 40))).toBeUndefined();
  for (let index = 0; index <= 64; index += 1) own.add(String(index), seeded(String(index), 20));
  expect(own.find(seeded('0', 20))).toBeUndefined();
  expect(own.find(seeded('1', 20))).toBe('1');
});

it.each(forms)('D30: what is shown has the name in the place of a secret: %s', (_, write) => {
  const piece = pieces(token)[1] ?? Buffer.alloc(0);
  const shown = scan.redact(`before é "${Buffer.from(write(piece)).toString()}" after`);
  expect(shown).toMatch(/^before é ".{0,4}\[secret TOKEN\].{0,4}" after$/);
  expect(scan.find(shown)).toBeUndefined();
  expect(scan.redact('nothing here')).toBe('nothing here');
});

it('D30: five megabytes of source and of hexadecimal are looked through', () => {
  expect(scan.find('const value = compute(input); // nothing to see here\n'.repeat(100_000))).toBeUndefined();
  expect(scan.find(`${seeded('hex', 2_500_000)}${token}`)).toBe('TOKEN');
});
