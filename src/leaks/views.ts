/** A text as it is compared: without what breaks it up or spells it otherwise. */
export interface View {
  readonly bytes: Uint8Array;
  /** For each of those bytes, where in the source it stood. */
  readonly positions: Uint32Array;
}

/**
 * Without white space and invisible characters, with percent and backslash escapes resolved, and `-_` as `+/`, which is all that
 * tells base64url from base64.
 */
export function plainView(source: Uint8Array): View {
  const bytes = new Uint8Array(source.length);
  const positions = new Uint32Array(source.length);
  let length = 0;
  let at = 0;
  while (at < source.length) {
    const first = source[at] ?? 0;
    const step = isOrdinary[first] === 1 ? 256 + first : readUnit(source, at, first);
    const folded = foldings[step & 255] ?? 0;
    if (folded !== 0) {
      bytes[length] = folded;
      positions[length] = at;
      length += 1;
    }
    at += step >> 8;
  }
  return { bytes: bytes.subarray(0, length), positions };
}

/** Hexadecimal digits only, in lower case: whatever separates them, and `0x` and `\x` before them, is no part of what they say. */
export function hexView(source: Uint8Array): View {
  const bytes = new Uint8Array(source.length);
  const positions = new Uint32Array(source.length);
  let length = 0;
  for (let at = 0; at < source.length; at += 1) {
    const digit = hexDigits[source[at] ?? 0] ?? 0;
    const isPrefix = digit === zero && ((source[at + 1] ?? 0) | 32) === letterX;
    if (digit === 0 || isPrefix) continue;
    bytes[length] = digit;
    positions[length] = at;
    length += 1;
  }
  return { bytes: bytes.subarray(0, length), positions };
}

const zero = 0x30;
const letterX = 0x78;
const letterU = 0x75;
const percent = 0x25;
const backslash = 0x5c;
/** Taken together; a power of two, as texts within texts have them. */
const mostBackslashes = 1_024;

/** What stays of each byte; 0 where nothing does. */
const foldings = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte <= 0x20 || byte === 0x7f) return 0;
  return byte === 0x2d ? 0x2b : byte === 0x5f ? 0x2f : byte;
});

const isOrdinary = Uint8Array.from({ length: 256 }, (_, byte) =>
  [percent, backslash, 0xc2, 0xe2, 0xef].includes(byte) ? 0 : 1,
);

const hexDigits = Uint8Array.from({ length: 256 }, (_, byte) => {
  const lower = byte >= 0x41 && byte <= 0x46 ? byte | 32 : byte;
  return (lower >= zero && lower <= 0x39) || (lower >= 0x61 && lower <= 0x66) ? lower : 0;
});

/** What begins there: how many bytes it takes, times 256, plus the byte it stands for, 0 for nothing. */
function readUnit(source: Uint8Array, at: number, first: number): number {
  if (first === percent) return readHex(source, at + 1, 2, 3) ?? 256 + first;
  if (first === backslash) return readEscape(source, at);
  const [second = 0, third = 0] = source.subarray(at + 1, at + 3);
  if (first === 0xc2) return second === 0xad ? 512 : 256 + first;
  return invisibles.has((first << 16) | (second << 8) | third) ? 768 : 256 + first;
}

/** Zero-width characters and the byte order mark in UTF-8. */
const invisibles = new Set([0xe2808b, 0xe2808c, 0xe2808d, 0xe2808e, 0xe2808f, 0xe281a0, 0xefbbbf]);

/** A text within a text has its backslashes doubled, each time: however many there are, they stand for one. */
function readEscape(source: Uint8Array, at: number): number {
  const width = countBackslashes(source, at);
  const next = at + width;
  const second = source[next] ?? 0;
  if ('\n\rnrtbf0'.includes(String.fromCharCode(second))) return (width + 1) * 256;
  if (second === letterX) return readHex(source, next + 1, 2, width + 3) ?? width * 256 + backslash;
  if (second === letterU) return readHex(source, next + 1, 4, width + 5) ?? width * 256 + backslash;
  return second >= 0x21 && second <= 0x2f ? (width + 1) * 256 + second : width * 256 + backslash;
}

function countBackslashes(source: Uint8Array, at: number): number {
  let count = 1;
  while (source[at + count] === backslash && count < mostBackslashes) count += 1;
  return count;
}

/** Undefined where there are no such digits, and for what is no single byte. */
function readHex(source: Uint8Array, at: number, digits: number, width: number): number | undefined {
  let value = 0;
  for (let index = at; index < at + digits; index += 1) {
    const digit = hexDigits[source[index] ?? 0] ?? 0;
    if (digit === 0) return undefined;
    value = value * 16 + (digit > 0x39 ? digit - 0x57 : digit - zero);
  }
  return value > 255 ? undefined : width * 256 + value;
}
