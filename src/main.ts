import { needsSetup, readConfig, readSetupConfig, takeEnvironment } from './config.ts';
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
  const { startApp } = await import('./app.ts');
  const app = await startApp(readConfig(variables));
  stopOnSignals(() => app.stop());
}

/** SIGTERM and SIGINT stop once, in order; a second signal ends the process at once. */
function stopOnSignals(stop: () => Promise<void>): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      stop().then(
        () => process.exit(0),
        (error: unknown) => {
          console.error(error);
          process.exit(1);
        },
      );
    });
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof BotError ? `Cannot start.\n${error.message}` : error);
  process.exit(1);
});
