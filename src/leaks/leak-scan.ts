import { createFormIndex, type FormIndex } from './form-index.ts';
import { formsOf, type Forms } from './forms.ts';
import { hexView, plainView, type View } from './views.ts';

export interface Secret {
  /** What people read instead of the value. */
  readonly name: string;
  readonly value: string;
}

/** Knows this installation's secrets and recognises twelve bytes in a row of any of them. */
export interface LeakScan {
  /** From now on this is a secret as well. Of more than can be kept, the oldest that were added are forgotten. */
  add(name: string, value: string): void;
  /** It opens nothing any more. */
  forget(value: string): void;
  /**
   * The name of a secret of which the text has a part: as it is, backwards, in base64 or base64url wherever it begins, in
   * hexadecimal, percent-encoded or with backslashes, broken up by white space. Never throws.
   */
  find(text: string | Uint8Array): string | undefined;
  /** The text with `[secret NAME]` in the place of each part of a secret. */
  redact(text: string): string;
}

/** Tokens that live for an hour are the only ones that come and go. */
const mostAdded = 64;

export function createLeakScan(secrets: readonly Secret[]): LeakScan {
  const fixed = secrets.map(({ name, value }) => formsOf(name, value));
  const known = new Set(secrets.map(({ value }) => value));
  const added = new Map<string, Forms>();
  let index: Indexes | undefined;
  const indexes = () => (index ??= createIndexes([...fixed, ...added.values()]));

  return {
    add(name, value) {
      if (known.has(value) || added.has(value)) return;
      added.set(value, formsOf(name, value));
      const [eldest] = added.keys();
      if (added.size > mostAdded && eldest !== undefined) added.delete(eldest);
      index = undefined;
    },
    forget(value) {
      if (added.delete(value)) index = undefined;
    },
    find: (text) => findIn(toBytes(text), indexes()),
    redact(text) {
      const bytes = toBytes(text);
      const name = findIn(bytes, indexes());
      if (name === undefined) return text;
      const covered = cover(bytes, indexes());
      return findIn(toBytes(covered), indexes()) === undefined ? covered : `[secret ${name}]`;
    },
  };
}

interface Indexes {
  readonly plain: FormIndex;
  readonly hex: FormIndex;
}

function createIndexes(forms: readonly Forms[]): Indexes {
  return {
    plain: createFormIndex(forms.flatMap(({ plain }) => plain)),
    hex: createFormIndex(forms.flatMap(({ hex }) => hex)),
  };
}

function toBytes(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? Buffer.from(text) : text;
}

function findIn(bytes: Uint8Array, { plain, hex }: Indexes): string | undefined {
  return (plain.search(plainView(bytes).bytes) ?? hex.search(hexView(bytes).bytes))?.name;
}

interface Stretch {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

function cover(bytes: Uint8Array, { plain, hex }: Indexes): string {
  const stretches = [...stretchesIn(plainView(bytes), plain), ...stretchesIn(hexView(bytes), hex)];
  const pieces: Uint8Array[] = [];
  let done = 0;
  for (const { name, start, end } of stretches.toSorted((one, other) => one.start - other.start)) {
    if (start >= done) pieces.push(bytes.subarray(done, start), Buffer.from(`[secret ${name}]`));
    done = Math.max(done, end);
  }
  return Buffer.concat([...pieces, bytes.subarray(done)]).toString('utf8');
}

/** Where in the source each part of a secret stands. */
function stretchesIn({ bytes, positions }: View, index: FormIndex): Stretch[] {
  const stretches: Stretch[] = [];
  let hit = index.search(bytes);
  while (hit) {
    const { name, start, end } = hit;
    stretches.push({ name, start: positions[start] ?? 0, end: (positions[end - 1] ?? 0) + 1 });
    hit = index.search(bytes, end);
  }
  return stretches;
}
