import { join } from 'node:path';
import { startProcess } from '../main-process.ts';
import { sharedClass, type Case } from './case.ts';

/** What somebody gets into a log line, and what whoever reads the log must not get. */
const rows: readonly (readonly [name: string, text: string, harm: RegExp])[] = [
  ['clears the screen', 'a\u001b[2J\u001b[Hb', /\u001b/],
  ['moves the cursor up and writes over a line', 'a\u001b[1A\u001b[2Kb', /\u001b/],
  ['sets the window’s title', 'a\u001b]0;owned\u0007b', /\u001b|\u0007/],
  ['links to elsewhere', 'a\u001b]8;;https://evil.example\u001b\\b\u001b]8;;\u001b\\', /\u001b/],
  ['writes the clipboard', 'a\u001b]52;c;ZXZpbA==\u0007b', /\u001b/],
  ['answers as if typed', 'a\u001b[6n\u001b[cb', /\u001b/],
  ['uses eight-bit controls', 'a\u009b2Jb\u009dx\u009c', /[\u0080-\u009f]/],
  ['rings', 'a\u0007b', /\u0007/],
  ['writes over the line', 'all is well\rERROR', /\r/],
  ['takes letters back', 'evil\b\b\b\bgood', /[\b]/],
  ['shifts to another alphabet', 'a\u000eb\u000f', /[\u000e\u000f]/],
  ['turns the line around', 'a\u202egnp.exe', /\u202e/],
  ['isolates a part', 'a\u2066b\u2069', /[\u2066-\u2069]/],
  ['ends the line by a separator', 'a\u2028{"level":50,"msg":"forged"}', /\u2028/],
  ['ends the line', 'a\n{"level":50,"msg":"forged"}', /^\{"level":50,"msg":"forged"\}/m],
  ['ends the line in Windows’ way', 'a\r\n{"level":50,"msg":"forged"}', /^\{"level":50,"msg":"forged"\}/m],
  ['ends the file', 'a\u0004b', /\u0004/],
  ['is a substitute, a shift and an escape of a printer', 'a\u001a\u000f\u0010b', /[\u000f\u0010\u001a]/],
  ['deletes', 'a\u007fb', /\u007f/],
];

const benign = 'größe ✓ привет 日本 👩‍👩‍👧 done';

async function outputOf(args: readonly string[]): Promise<string> {
  await using running = startProcess(args);
  const { code, stderr } = await running.end;
  if (code !== 0) throw new Error(`the process that logs ended with ${code}: ${stderr}`);
  return running.output().join('\n');
}

/** How a program logs that thinks nothing of it. */
function logPlainly(text: string): Promise<string> {
  return outputOf(['-e', 'console.log("got", process.argv[1])', text]);
}

function logOurs(format: string, ...texts: readonly string[]): Promise<string> {
  const child = join(import.meta.dirname, '../leaks/log-child.ts');
  return outputOf([child, format, ...texts]);
}

async function casesOf(format: 'json' | 'pretty'): Promise<readonly Case[]> {
  // One process logs them all: what one of them does to the log, it does to everybody's.
  const ours = await logOurs(format, ...rows.map(([, text]) => text), benign);
  return rows.map(([name, text, harm]) => ({
    id: 'D31',
    name: `a text that ${name} gets into the log (${format})`,
    baseline: async () => harm.test(await logPlainly(text)),
    attack: () => harm.test(ours),
    twin: () => ours.includes(benign),
  }));
}

function lengthCase(format: 'json' | 'pretty'): Case {
  const text = 'y'.repeat(100_000);
  return {
    id: 'D31',
    name: `a line of 100,000 characters fills the log (${format})`,
    baseline: async () => (await logPlainly(text)).length > 90_000,
    attack: async () => (await logOurs(format, text)).length > 40_000,
    twin: async () => (await logOurs(format, 'short')).includes('short'),
  };
}

export const log = sharedClass('log', async () => [
  ...(await casesOf('json')),
  ...(await casesOf('pretty')),
  lengthCase('json'),
  lengthCase('pretty'),
]);
