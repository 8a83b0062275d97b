import { createPrivateKey } from 'node:crypto';
import { plainView } from './views.ts';

/** A part of a secret is recognised from this many of its bytes on; a shorter secret only whole. */
export const windowBytes = 12;

/** Shorter values are found in everything, so they are not looked for. */
const fewestBytes = 6;

/** One way to write down a part of a secret. */
export interface Form {
  readonly name: string;
  /** As a view shows it. */
  readonly bytes: Uint8Array;
  /** How much of it, in one piece, gives it away. */
  readonly least: number;
}

export interface Forms {
  readonly plain: readonly Form[];
  readonly hex: readonly Form[];
}

/** Every way to write a secret down that is looked for, and how much of each. */
export function formsOf(name: string, value: string): Forms {
  const parts = partsOf(value).filter((part) => part.length >= fewestBytes);
  const forms = parts.map((part) => formsOfPart(name, part));
  return { plain: forms.flatMap(({ plain }) => plain), hex: forms.flatMap(({ hex }) => hex) };
}

/** What of a value is secret: neither the frame of a key, which all keys share, nor the label a token begins with, nor what a JSON web token says openly. */
function partsOf(value: string): Buffer[] {
  if (value.includes('-----BEGIN')) return partsOfKey(value);
  const open = value.split('.').filter((part) => !isJson(part));
  return open.map((part) => Buffer.from(withoutLabel(part)));
}

function isJson(part: string): boolean {
  return (
    part.includes('eyJ') &&
    Buffer.from(part.slice(part.indexOf('eyJ')), 'base64url')
      .toString('utf8')
      .startsWith('{"')
  );
}

/** `sk-ant-api03-` and the like stand in many a document. */
function withoutLabel(part: string): string {
  const rest = part.replace(/^(?:[a-z]{1,10}\d{0,3}[-_]){1,4}/, '');
  return rest.length >= windowBytes + 4 ? rest : part;
}

const numbers = ['n', 'd', 'p', 'q', 'dp', 'dq', 'qi', 'x', 'y'] as const;

/** The key's numbers, as bytes and as the stretches of the PEM's base64 in which they stand. */
function partsOfKey(pem: string): Buffer[] {
  const body = pem.replace(/-----[^-]*-----/g, '').replace(/\s/g, '');
  const encoding = Buffer.from(body, 'base64');
  const key = readKey(pem);
  if (key === undefined) return [Buffer.from(body)];
  const found = numbers.flatMap((field) => {
    const number = Buffer.from(key[field] ?? '', 'base64url');
    return number.length < windowBytes ? [] : [{ number, at: encoding.indexOf(number) }];
  });
  const stretches = found
    .filter(({ at }) => at >= 0)
    .map(({ number, at }) => Buffer.from(body.slice(...charactersOf(at, number.length))));
  return [...found.map(({ number }) => number), ...stretches];
}

function readKey(pem: string): Partial<Record<(typeof numbers)[number], string>> | undefined {
  try {
    return createPrivateKey(pem).export({ format: 'jwk' });
  } catch {
    return undefined; // it is no key; its text is a secret all the same
  }
}

/** Which characters of base64 depend on those bytes and on no others. */
function charactersOf(from: number, count: number): [start: number, end: number] {
  return [Math.ceil((from * 8) / 6), Math.floor(((from + count) * 8) / 6)];
}

/** Twelve bytes fill at least this many characters of base64 alone, wherever they begin. */
const base64Window = 15;

function formsOfPart(name: string, part: Buffer): Forms {
  const backwards = reversed(part);
  const form = (bytes: Uint8Array, window: number): Form => ({ name, bytes, least: Math.min(window, bytes.length) });
  const isShort = part.length < windowBytes;
  const encoded = (bytes: Uint8Array) => form(bytes, isShort ? bytes.length : base64Window);
  const raw = [part, backwards].map((bytes) => form(plainView(bytes).bytes, windowBytes));
  const base64 = base64Forms(part).flatMap((bytes) => [bytes, reversed(bytes)]);
  const digits = [part, backwards].map((bytes) => Buffer.from(bytes.toString('hex')));
  return {
    plain: [...raw, ...base64.map(encoded), ...base64Forms(backwards).map(encoded)],
    hex: [...digits, ...digits.map(reversed)].map((bytes) => form(bytes, windowBytes * 2)),
  };
}

/** A value may begin at any of the three places of a group of base64. */
function base64Forms(part: Buffer): Buffer[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), part]).toString('base64');
    return Buffer.from(text.slice(...charactersOf(before, part.length)));
  });
}

function reversed(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes).reverse();
}
