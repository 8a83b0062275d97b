import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BotError } from '../domain/index.ts';
import { makeScratch } from './scratch.ts';

const run = promisify(execFile);
const source = join(import.meta.dirname, '../toolhost');
const program = join(import.meta.dirname, 'strip-types.ts');

let compiled: Promise<string> | undefined;

/**
 * Answers where the tool host is as JavaScript, made once for all boxes of this process: left to Node, stripping the types takes longer
 * at the start of every box than all the rest of it. Throws BotError `box-unavailable`.
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
  const [made, wanted] = await Promise.all([folder, source].map((path) => readdir(path).catch(() => [])));
  return made?.length === wanted?.length;
}
