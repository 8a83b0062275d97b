/** The app as src/main.ts starts it, with the delays of a world that lives faster, and with a runner that can hold it anywhere. */
import './hold.ts';
import { say } from './channel.ts';
import type { Timing } from '../wire.ts';

const timing = JSON.parse(process.env['FAULTS_TIMING'] ?? '{}') as Timing; // the runner's own
const { readConfig, takeEnvironment } = await import('../../../src/config.ts');
const { startApp } = await import('../../../src/app.ts');

// Boxes are started with this program: one that keeps what Node compiled, where the sandbox lets it.
process.execPath = process.env['FAULTS_NODE'] ?? process.execPath;

process.on('disconnect', () => process.exit(1)); // the runner died

try {
  const app = await startApp(readConfig(takeEnvironment()), { timing });
  process.once('SIGTERM', () => {
    void app.stop().then(() => process.exit(0));
  });
  say({ type: 'ready', url: app.url });
} catch (error) {
  say({ type: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.exitCode = 1;
  process.disconnect();
}
