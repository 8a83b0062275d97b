import { type Box, createSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/index.ts';
import { askEngine, type Engine, findEngine } from '../../src/container/engine.ts';
import { makeCheckout, type TestCheckout } from '../sandbox/checkout.ts';

/** Made from Debian, with git, Perl and Python. */
export const image = process.env['TEST_IMAGE'] ?? 'localhost/backend-box:test';

/** Throws what to do when there is no engine or no image: nothing here is skipped. */
export async function requireEngine(): Promise<Engine> {
  const engine = await findEngine();
  await askEngine(engine, ['image', 'inspect', image]).catch(() => {
    throw new Error(
      `npm run test:container needs the image ${image}: one made from Debian with git, perl and python3. Name another with TEST_IMAGE=…, or make it: debootstrap --variant=minbase --include=git,python3,mount bookworm ROOT && tar -C ROOT -c . | ${engine.name} import - ${image}`,
    );
  });
  return engine;
}

export function containerSandbox(options: Partial<SandboxOptions> = {}): Sandbox {
  return createSandbox({ kind: 'container', nodePath: process.execPath, image, ...options });
}

export function noSandbox(): Sandbox {
  return createSandbox({ kind: 'unsafe-none', nodePath: process.execPath });
}

export interface Opened extends AsyncDisposable {
  readonly box: Box;
  readonly checkout: TestCheckout;
}

export async function openIn(sandbox: Sandbox, files: Readonly<Record<string, string>> = {}): Promise<Opened> {
  const checkout = await makeCheckout(files);
  const box = await sandbox.open({ checkout, signal: new AbortController().signal });
  return {
    box,
    checkout,
    [Symbol.asyncDispose]: async () => {
      await box[Symbol.asyncDispose]();
      await checkout[Symbol.asyncDispose]();
    },
  };
}

/** Our containers, running or not, by name. */
export async function listContainers(engine: Engine): Promise<readonly string[]> {
  const printed = await askEngine(engine, [
    'ps',
    '--all',
    '--filter=label=backend-developer',
    '--format',
    '{{.Names}}',
  ]);
  return printed.split('\n').filter(Boolean);
}
