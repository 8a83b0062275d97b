import { createHash } from 'node:crypto';

/** Random-looking text that is the same in every run. */
export function seeded(seed: string, length: number): string {
  let text = '';
  for (let index = 0; text.length < length; index += 1)
    text += createHash('sha512').update(`${seed} ${index}`).digest('base64url');
  return text.slice(0, length);
}

const backwards = (bytes: Buffer) => Buffer.from(bytes).reverse();
const spread = (text: string, count: number, between: string) =>
  (text.match(new RegExp(`[^]{1,${count}}`, 'g')) ?? []).join(between);
const percent = (bytes: Buffer) => [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

/** Every way to write bytes down that must be recognised. */
export const forms: readonly (readonly [name: string, write: (bytes: Buffer) => string | Buffer])[] = [
  ['as it is', (bytes) => bytes],
  ['backwards', backwards],
  ['base64', (bytes) => bytes.toString('base64')],
  ['base64, begun one byte earlier', (bytes) => Buffer.concat([Buffer.from('x'), bytes]).toString('base64')],
  ['base64, begun two bytes earlier', (bytes) => Buffer.concat([Buffer.from('xy'), bytes]).toString('base64')],
  ['base64url', (bytes) => bytes.toString('base64url')],
  ['base64 in lines', (bytes) => spread(bytes.toString('base64'), 5, '\r\n')],
  ['base64, backwards', (bytes) => backwards(Buffer.from(bytes.toString('base64')))],
  ['backwards, then base64', (bytes) => backwards(bytes).toString('base64')],
  ['hexadecimal', (bytes) => bytes.toString('hex')],
  ['HEXADECIMAL', (bytes) => bytes.toString('hex').toUpperCase()],
  ['hexadecimal with colons', (bytes) => spread(bytes.toString('hex'), 2, ':')],
  ['a list of bytes', (bytes) => spread(bytes.toString('hex'), 2, ', 0x')],
  ['hexadecimal, backwards', (bytes) => backwards(Buffer.from(bytes.toString('hex')))],
  ['percent-encoded', percent],
  ['JSON', (bytes) => JSON.stringify(bytes.toString('latin1'))],
  ['white space between', (bytes) => Buffer.from(spread(bytes.toString('latin1'), 3, ' \n'), 'latin1')],
  ['line breaks as JSON has them', (bytes) => spread(bytes.toString('latin1'), 7, '\\n')],
  ['invisible characters between', (bytes) => spread(bytes.toString('latin1'), 4, '\u200b')],
];
/** Ways that only text can be written in. */
export const textOnly = ['JSON', 'line breaks as JSON has them', 'invisible characters between'];
