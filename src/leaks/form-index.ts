import { windowBytes, type Form } from './forms.ts';

/** A stretch of a view that is part of a secret. */
export interface Hit {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

export interface FormIndex {
  /** The first stretch from there on. */
  search(text: Uint8Array, from?: number): Hit | undefined;
}

const base = 0x01000193;
/** What a byte is worth once it is as old as the window. */
const oldest = Array.from({ length: windowBytes }).reduce<number>((power) => Math.imul(power, base), 1);

/**
 * Finds any window of many forms in one pass over a text: a rolling hash of each window of the text is looked up, and what is found
 * there is compared byte by byte, so no hash decides.
 */
export function createFormIndex(forms: readonly Form[]): FormIndex {
  const short = forms.filter(({ bytes }) => bytes.length > 0 && bytes.length < windowBytes);
  const table = createTable(forms.filter(({ bytes }) => bytes.length >= windowBytes));
  return {
    search(text, from = 0) {
      return earlier(table.search(text, from), searchWhole(short, text, from));
    },
  };
}

function earlier(one: Hit | undefined, other: Hit | undefined): Hit | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.start <= other.start ? one : other;
}

function searchWhole(forms: readonly Form[], text: Uint8Array, from: number): Hit | undefined {
  const view = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  let first: Hit | undefined;
  for (const { name, bytes } of forms) {
    const start = view.indexOf(bytes, from);
    if (start >= 0) first = earlier(first, { name, start, end: start + bytes.length });
  }
  return first;
}

/** The windows of all forms by their hash: chains through arrays of numbers, as there are tens of thousands of them. */
function createTable(forms: readonly Form[]): FormIndex {
  const count = forms.reduce((sum, { bytes }) => sum + bytes.length - windowBytes + 1, 0);
  const bits = Math.max(8, Math.ceil(Math.log2(count * 4 + 1)));
  const heads = new Int32Array(2 ** bits);
  const next = new Int32Array(count + 1);
  const hashes = new Int32Array(count + 1);
  const formOf = new Int32Array(count + 1);
  const offsets = new Int32Array(count + 1);
  let used = 0;
  for (const [index, { bytes }] of forms.entries()) {
    forEachWindow(bytes, 0, (hash, start) => {
      if (!isTelling(bytes, start)) return false;
      used += 1;
      const slot = Math.imul(hash, 0x9e3779b1) >>> (32 - bits);
      hashes[used] = hash;
      formOf[used] = index;
      offsets[used] = start;
      next[used] = heads[slot] ?? 0;
      heads[slot] = used;
      return false;
    });
  }

  function lookUp(text: Uint8Array, hash: number, start: number): Hit | undefined {
    let entry = heads[Math.imul(hash, 0x9e3779b1) >>> (32 - bits)] ?? 0;
    while (entry !== 0) {
      const form = hashes[entry] === hash ? forms[formOf[entry] ?? 0] : undefined;
      const hit = form && compare(form, offsets[entry] ?? 0, { text, start });
      if (hit) return hit;
      entry = next[entry] ?? 0;
    }
    return undefined;
  }

  return {
    search(text, from = 0) {
      let hit: Hit | undefined;
      if (used > 0) forEachWindow(text, from, (hash, start) => (hit = lookUp(text, hash, start)) !== undefined);
      return hit;
    },
  };
}

/** Until `visit` answers true. */
function forEachWindow(bytes: Uint8Array, from: number, visit: (hash: number, start: number) => boolean): void {
  let hash = 0;
  for (let at = from; at < bytes.length; at += 1) {
    hash = (Math.imul(hash, base) + (bytes[at] ?? 0)) | 0;
    const start = at - windowBytes + 1;
    if (start > from) hash = (hash - Math.imul(oldest, bytes[start - 1] ?? 0)) | 0;
    if (start >= from && visit(hash, start)) return;
  }
}

/** Fewer than four different bytes make a filler (`000000000000`), which says nothing about where it comes from. */
function isTelling(bytes: Uint8Array, start: number): boolean {
  const first = bytes[start];
  let second: number | undefined;
  let third: number | undefined;
  for (let at = start + 1; at < start + windowBytes; at += 1) {
    const byte = bytes[at];
    if (byte === first || byte === second || byte === third) continue;
    if (third !== undefined) return true;
    if (second === undefined) second = byte;
    else third = byte;
  }
  return false;
}

/** How far text and form agree around that place; a hit when that is far enough. */
function compare(
  { name, bytes, least }: Form,
  offset: number,
  { text, start }: { readonly text: Uint8Array; readonly start: number },
): Hit | undefined {
  const shift = start - offset;
  let first = offset;
  while (first > 0 && first + shift > 0 && bytes[first - 1] === text[first - 1 + shift]) first -= 1;
  let last = offset;
  while (last < bytes.length && last + shift < text.length && bytes[last] === text[last + shift]) last += 1;
  const isHit = last - first >= least && last - offset >= windowBytes;
  return isHit ? { name, start: first + shift, end: last + shift } : undefined;
}
