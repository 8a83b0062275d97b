/** Opens a store and says how that went: `open`, or the code and message of the refusal. */
import { BotError } from '../../src/domain/index.ts';
import { openStore } from '../../src/store/index.ts';

const [dataDir = ''] = process.argv.slice(2);
try {
  const store = await openStore({ dataDir });
  await store[Symbol.asyncDispose]();
  process.stdout.write('open\n');
} catch (error) {
  process.stdout.write(
    error instanceof BotError ? `${error.code}: ${error.message}\n` : `unforeseen: ${String(error)}\n`,
  );
}
