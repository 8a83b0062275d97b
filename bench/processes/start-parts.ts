import { generateKeyPairSync } from 'node:crypto';
import { serveCommands } from '../child.ts';

/** Since the process started; the command comes later. */
const firstLineAt = performance.now();

/** The steps of a start one after the other, in a fresh process: ms by name, in the order in which the app takes them. */
serveCommands({
  async measure(dataDir: string): Promise<Readonly<Record<string, number>>> {
    const times: Record<string, number> = { 'node until its first line': firstLineAt };
    async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
      const startedAt = performance.now();
      const result = await work();
      times[name] = performance.now() - startedAt;
      return result;
    }
    await step('import of the app', () => import('../../src/app.ts'));
    const store = await import('../../src/database/index.ts');
    const { migrate } = await import('../../src/database/index.ts');
    const { openQueue } = await import('../../src/store/queue.ts');
    const { createSandbox } = await import('../../src/sandbox/index.ts');
    const { createIntake } = await import('../../src/web/index.ts');
    const database = await step('PGlite opened', () => store.openEmbedded(dataDir));
    await step('schema looked at', () => migrate(database));
    const silent = { warn: () => undefined, error: () => undefined };
    const queue = await step('pg-boss started', () => openQueue(database, silent));
    const sandbox = createSandbox({ kind: 'bubblewrap', nodePath: process.execPath });
    await step('self-test of the sandbox', () => sandbox.selfTest());
    const privateKey = makeKey();
    const accept = async () => undefined;
    await step('Probot’s middleware', () =>
      createIntake({ appId: 1, privateKey, secret: 'x'.repeat(32), path: '/hooks', accept }),
    );
    await queue.close();
    await database.close();
    return times;
  },
});

function makeKey(): string {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  }).privateKey;
}
