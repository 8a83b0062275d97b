/** Runs in a child process whose last argument is a volume of about 320 MB, and prints as JSON what became of each step. */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statfsSync, watch } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BotError } from '../../src/domain/index.ts';
import { openWorkspace, type Workspace } from '../../src/workspace/index.ts';
import { commit } from './git-server.ts';
import { startRig } from './rig.ts';

const volume = process.argv.at(-1) ?? '';
const ballast = join(volume, 'ballast');
const steps: Record<string, unknown> = {};

/** Leaves so many bytes free. */
function fill(left: number): void {
  const { bavail, bsize } = statfsSync(volume);
  spawnSync('fallocate', ['-l', String(bavail * bsize - left), ballast]);
}

function empty(): void {
  rmSync(ballast, { force: true });
}

async function outcomeOf(action: () => Promise<unknown>): Promise<unknown> {
  try {
    await action();
    return 'done';
  } catch (error) {
    return error instanceof BotError ? { code: error.code, message: error.message } : String(error);
  }
}

await using rig = await startRig();
const dataDir = join(volume, 'data');
const many = Array.from({ length: 3000 }, (_, index) => ({ path: `f/${String(index)}`, content: randomBytes(1000) }));
const options = rig.optionsFor('orders.git', commit(rig.root, 'orders.git', many), { dataDir });
const mirror = join(dataDir, 'mirrors', String(options.repository.id));

fill(100 * 1024 * 1024);
steps['before a job'] = await outcomeOf(() => openWorkspace(options));
empty();

rig.server.fault = (_method, number) => {
  if (number === 3) fill(1024 * 1024);
  return undefined;
};
steps['during a fetch'] = await outcomeOf(() => openWorkspace(options));
delete rig.server.fault;
steps['left by the fetch'] = readdirSync(join(mirror, 'objects/pack'));
const elsewhere = { ...options, dataDir: rig.dataDir };
steps['elsewhere, meanwhile'] = await outcomeOf(() => openWorkspace(elsewhere));
empty();
let workspace: Workspace | undefined;
steps['the same job, later'] = await outcomeOf(async () => (workspace = await openWorkspace(options)));

const jobDir = join(dataDir, 'jobs', options.jobId);
await mkdir(jobDir, { recursive: true });
const watcher = watch(jobDir, (_event, name) => {
  if (name === 'agent.making' && !existsSync(ballast)) fill(1_500_000);
});
steps['during a checkout'] = await outcomeOf(async () => workspace?.checkout('agent'));
watcher.close();
steps['left by the checkout'] = readdirSync(jobDir);
empty();
steps['the same checkout, later'] = await outcomeOf(async () => workspace?.checkout('agent'));
const tree = join(jobDir, 'agent', 'tree', 'f');
steps['its files'] = readdirSync(tree).length;
steps['its last file'] = readFileSync(join(tree, '2999')).length;
await workspace?.[Symbol.asyncDispose]();
steps['left by the job'] = readdirSync(join(dataDir, 'jobs'));
process.stdout.write(JSON.stringify(steps));
