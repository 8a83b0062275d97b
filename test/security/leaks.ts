import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { Change } from '../../src/domain/index.ts';
import { BotError } from '../../src/domain/index.ts';
import { createLeakScan, type LeakScan } from '../../src/leaks/index.ts';
import { guardJournal, watchGitHub } from '../../src/secrecy.ts';
import type { Journal, JournalEntry } from '../../src/store/index.ts';
import { forms, textOnly } from '../leaks/written.ts';
import { pureClass, type Case } from './case.ts';

/** New for every run. */
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
});
const secrets = [
  { name: 'WEBHOOK_SECRET', value: randomBytes(32).toString('hex') },
  { name: 'ANTHROPIC_API_KEY', value: `sk-ant-api03-${randomBytes(70).toString('base64url')}` },
  { name: 'an installation token', value: `ghs_${randomBytes(387).toString('base64url')}` },
  { name: 'PRIVATE_KEY', value: privateKey },
];
const scan = createLeakScan(secrets);
/** Knows nothing: what goes through then would go out. */
const blind = createLeakScan([]);

/** A journal in memory, and what it keeps. */
function aJournal(leaks: LeakScan): { journal: Journal; kept: () => string } {
  const entries: JournalEntry[] = [];
  const bytes: Buffer[] = [];
  const bare: Journal = {
    entries: async () => entries,
    append: async (kind, data) => void entries.push({ at: '2026-01-01T00:00:00Z', kind, data, seq: entries.length }),
    once: async (_, produce) => produce(),
    saveChanges: async (changes) => {
      for (const change of changes)
        bytes.push(Buffer.from(change.path), Buffer.from('bytes' in change ? change.bytes : []));
    },
    latestChanges: async () => [],
  };
  const kept = () => JSON.stringify(entries) + Buffer.concat(bytes).toString('latin1');
  return { journal: guardJournal(bare, leaks), kept };
}

/** Whether it went out, or was kept: a stop with `secret-found` is what must come instead. */
async function unlessStopped(action: () => unknown): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    if (error instanceof BotError && error.code === 'secret-found') return false;
    throw error;
  }
}

/** Where something leaves, or stays to be read. True when the text got through. */
const ways: readonly (readonly [name: string, through: (text: string, leaks: LeakScan) => Promise<boolean>])[] = [
  ['a changed file', (text, leaks) => unlessStopped(() => aJournal(leaks).journal.saveChanges([put('a.txt', text)]))],
  [
    'the name of a changed file',
    (text, leaks) => unlessStopped(() => aJournal(leaks).journal.saveChanges([put(text, 'a')])),
  ],
  [
    'a comment',
    (text, leaks) =>
      unlessStopped(() => {
        watchGitHub(leaks).inspect(JSON.stringify({ body: text }));
      }),
  ],
  [
    'the bytes of a commit',
    (text, leaks) =>
      unlessStopped(() => {
        watchGitHub(leaks).inspect(Buffer.from(text, 'latin1'));
      }),
  ],
  [
    'the transcript',
    (text, leaks) => unlessStopped(() => aJournal(leaks).journal.append('turn', { content: [{ text }] })),
  ],
  [
    'a log line',
    async (text, leaks) => leaks.find(leaks.redact(`{"msg":"${text}"}`)) !== undefined || leaks.redact(text) === text,
  ],
];

function put(path: string, content: string): Change {
  return { type: 'put', path, mode: '100644', bytes: Buffer.from(content, 'latin1') };
}

/** Twelve bytes from the middle, which no label or frame is part of. */
function pieceOf(value: string): Buffer {
  const body = value.startsWith('-----') ? value.replace(/-----[^-]*-----|\s/g, '').slice(60, 350) : value;
  const bytes = Buffer.from(body);
  const start = Math.floor(bytes.length / 2);
  return bytes.subarray(start, start + 12);
}

function textOf(form: string | Buffer): string {
  return typeof form === 'string' ? form : form.toString('latin1');
}

const harmless = 'const total = prices.reduce((sum, price) => sum + price, 0); // ghs_… and sk-ant-api03-…';

const cases = secrets.flatMap(({ name, value }) =>
  forms.map(([form, write]): Case => {
    const text = textOf(write(pieceOf(value)));
    // White space and characters beyond ASCII have no place in Latin-1; those forms go the ways of text.
    const open = ways.filter(([way]) => !textOnly.includes(form) || !/bytes|file/.test(way));
    const some = async (leaks: LeakScan) =>
      (await Promise.all(open.map(([, through]) => through(text, leaks)))).some(Boolean);
    const all = async (leaks: LeakScan) =>
      (await Promise.all(open.map(([, through]) => through(text, leaks)))).every(Boolean);
    return {
      id: 'D30',
      name: `twelve bytes of ${name} get out: ${form}`,
      baseline: () => all(blind),
      attack: () => some(scan),
      twin: async () =>
        (await Promise.all(ways.slice(0, -1).map(([, through]) => through(harmless, scan)))).every(Boolean) &&
        scan.redact(harmless) === harmless,
    };
  }),
);

/** What is kept of a transcript that had one in it: its name. */
const kept = secrets.map(({ name, value }): Case => {
  const read = async (leaks: LeakScan) => {
    const { journal, kept: keptText } = aJournal(leaks);
    await unlessStopped(() => journal.append('turn', { text: `it is ${value.replaceAll('\n', '')}` }));
    return keptText().includes(pieceOf(value).toString());
  };
  return {
    id: 'D30',
    name: `${name} stays in the transcript that people read`,
    baseline: () => read(blind),
    attack: () => read(scan),
    twin: async () => {
      const { journal, kept: keptText } = aJournal(scan);
      await journal.append('turn', { text: harmless });
      return keptText().includes('prices.reduce');
    },
  };
});

/** A stop names the secret and repeats nothing of it. */
const words = secrets.map(({ name, value }): Case => {
  const said = async (leaks: LeakScan) => {
    try {
      watchGitHub(leaks).inspect(value);
      return '';
    } catch (error) {
      return String(error);
    }
  };
  return {
    id: 'D30',
    name: `the words about a stop repeat ${name}`,
    baseline: () => `refused: ${value}`.includes(value.slice(20, 32)),
    attack: async () => scan.find(await said(scan)) !== undefined || (await said(scan)) === '',
    twin: async () => (await said(scan)).includes(name) && (await said(blind)) === '',
  };
});

export const leaks = pureClass('leaks', [...cases, ...kept, ...words]);
