import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BotError } from '../domain/index.ts';
import { makeScratch } from './scratch.ts';

const run = promisify(execFile);
const source = join(import.meta.dirname, '../toolhost');
/** What the program makes. */
const files = ['main.js', 'excludes', 'package.json'];
const program = join(import.meta.dirname, 'strip-types.ts');

let compiled: Promise<string> | undefined;

/**
 * Answers where the tool host is as one JavaScript file, made once for all boxes of this process: left to Node, stripping the types takes longer
 * at the start of every box than all the rest of it, and reading module after module a good part of that. Throws BotError `box-unavailable`.
 */
export async function compileToolHost(): Promise<string> {
  compiled ??= compile();
  const folder = await compiled.catch(() => undefined);
  if (folder !== undefined && (await isWhole(folder))) return folder;
  compiled = compile();
  return compiled;
}

async function compile(): Promise<string> {
  const folder = await makeScratch('toolhost');
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  const args = ['--disable-warning=ExperimentalWarning', program, source, folder];
  await run(process.execPath, args, { env: {} }).catch((error: unknown) => {
    throw new BotError('box-unavailable', 'The tool host could not be compiled: is this Node 24?', { cause: error });
  });
  return folder;
}

/** Machines that run for long clean their temporary folder. */
async function isWhole(folder: string): Promise<boolean> {
  return (await Promise.all(files.map((name) => isThere(join(folder, name))))).every(Boolean);
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
