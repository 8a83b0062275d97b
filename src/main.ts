import { needsSetup, readConfig, readSetupConfig, takeEnvironment } from './config.ts';
import { openDataDir } from './data-dir.ts';
import { BotError } from './domain/index.ts';

/** Starts the process: the app when it is configured, otherwise the flow that creates the GitHub App and writes `.env`. */
async function main(): Promise<void> {
  const variables = takeEnvironment();
  if (needsSetup(variables)) {
    const { startSetup } = await import('./setup.ts');
    await startSetup(readSetupConfig(variables), (line) => {
      console.log(line);
    });
    return;
  }
  const config = readConfig(variables);
  await openDataDir(config.dataDir);
  const [{ startApp }, { createLog, flushLog }, { superviseProcess }, { openLeakScan }] = await Promise.all([
    import('./app.ts'),
    import('./log.ts'),
    import('./lifetime.ts'),
    import('./secrecy.ts'),
  ]);
  const leaks = openLeakScan(config);
  const log = await createLog(config.log, leaks);
  const app = startApp(config, { log, leaks });
  superviseProcess({ app, log });
  await app.catch(async (error: unknown) => {
    await flushLog(log, 500);
    throw error;
  });
}

main().catch((error: unknown) => {
  console.error(error instanceof BotError ? `Cannot start.\n${error.message}` : error);
  process.exit(1);
});
