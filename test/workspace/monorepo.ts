import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { statfsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BotError } from '../../src/domain/index.ts';
import { openWorkspace } from '../../src/workspace/index.ts';
import { git } from './git-server.ts';
import { startRig } from './rig.ts';

/** How large a synthetic repository is. */
export interface Scale {
  readonly files: number;
  /** Commits after the first; each replaces one blob of random bytes. */
  readonly commits: number;
  readonly blobBytes: number;
}

/** 300,000 files and 5 GB of history, most of it in the 50 newest commits. */
export const monorepo: Scale = { files: 300_000, commits: 60, blobBytes: 80_000_000 };

/** Makes a bare repository of that scale and answers its newest commit. Files are small and all different. */
export async function makeMonorepo(root: string, name: string, scale: Scale): Promise<string> {
  const dir = join(root, name);
  execFileSync('git', ['init', '--bare', '--quiet', '--initial-branch=main', dir]);
  const settings = ['core.compression=0', 'core.bigFileThreshold=64k', 'pack.depth=0'].flatMap((one) => ['-c', one]);
  const importing = spawn('git', ['-C', dir, ...settings, 'fast-import', '--quiet', '--depth=0'], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const ended = once(importing, 'close');
  for (const piece of stream(scale)) if (!importing.stdin.write(piece)) await once(importing.stdin, 'drain');
  importing.stdin.end();
  await ended;
  return git(dir, ['rev-parse', 'refs/heads/main']);
}

function* stream({ files, commits, blobBytes }: Scale): Generator<string | Buffer> {
  for (let number = 0; number <= commits; number += 1) {
    const message = `Change ${String(number)}`;
    yield `commit refs/heads/main\ncommitter Ada <ada@example.com> ${String(1_700_000_000 + number)} +0000\n`;
    yield `data ${String(message.length)}\n${message}\n`;
    for (let file = 0; number === 0 && file < files; file += 1) yield moduleText(file);
    yield `M 100644 inline assets/blob.bin\ndata ${String(blobBytes)}\n`;
    yield randomBytes(blobBytes);
    yield '\n';
  }
}

/** About 600 bytes, 100 files a folder. */
function moduleText(file: number): string {
  const [pack, folder] = [file % 30, Math.floor(file / 3000)];
  const line = (index: number): string =>
    `export const value${String(index)} = ${String((file * 2_654_435_761 + index) % 4_294_967_296)};\n`;
  const text = Array.from({ length: 18 }, (_, index) => line(index)).join('');
  return `M 100644 inline packages/p${String(pack)}/f${String(folder)}/m${String(file)}.ts\ndata ${String(text.length)}\n${text}\n`;
}

/** What one step of the work on a repository cost. `megabytes` is what it left on disk. */
export interface StepCost {
  readonly step: 'open' | 'open again' | 'checkout' | 'refused';
  readonly seconds: number;
  readonly megabytes: number;
  readonly rssMegabytes: number;
  readonly said?: string;
}

/**
 * RL-38 for the fault runner, a few minutes long: opens a workspace on a repository of that scale and checks it out, or is refused.
 * Throws unless it is within the caps in the end, or was refused within two minutes with a reason that names a cap.
 */
export async function runMonorepo(scale: Scale = monorepo): Promise<readonly StepCost[]> {
  const folder = await mkdtemp(join(tmpdir(), 'monorepo-'));
  try {
    await using rig = await startRig();
    const costs: StepCost[] = [];
    const sha = await makeMonorepo(rig.root, 'mono.git', scale);
    const options = rig.optionsFor('mono.git', sha, { dataDir: join(folder, 'data') });
    const step = async <T>(name: StepCost['step'], action: () => Promise<T>): Promise<T> => {
      const [beganAt, free] = [performance.now(), freeBytes(folder)];
      const cost = (said?: string): StepCost => ({
        step: said === undefined ? name : 'refused',
        seconds: Math.round((performance.now() - beganAt) / 100) / 10,
        megabytes: Math.round((free - freeBytes(folder)) / 1e6),
        rssMegabytes: Math.round(process.memoryUsage().rss / 1e6),
        ...(said !== undefined && { said }),
      });
      try {
        const result = await action();
        costs.push(cost());
        return result;
      } catch (error) {
        costs.push(cost(String(error)));
        checkRefusal(error, costs.at(-1));
        throw error;
      }
    };
    try {
      await using workspace = await step('open', () => openWorkspace(options));
      await step('open again', () => openWorkspace({ ...options, jobId: 'again' }));
      await step('checkout', () => workspace.checkout('agent'));
    } catch (error) {
      if (!(error instanceof BotError)) throw error;
    }
    return costs;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function checkRefusal(error: unknown, cost: StepCost | undefined): void {
  const isRefusal = error instanceof BotError && error.code === 'repository-unusable' && /\bcap\b/.test(error.message);
  if (!isRefusal || cost === undefined || cost.seconds > 120)
    throw new Error(`RL-38: not refused within two minutes by a named cap: ${JSON.stringify(cost)}`, { cause: error });
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
