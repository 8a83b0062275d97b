import { createServer } from 'node:http';
import { join } from 'node:path';
import { runMounted } from '../sandbox/volume.ts';
import { sharedClass, type Case } from './case.ts';
import { listenOn } from './listen.ts';

const child = join(import.meta.dirname, 'offline-child.ts');
/** No network but a loopback of its own. */
const alone = ['--unshare-net'];

async function worksIn(mounts: readonly string[]): Promise<boolean> {
  return (await runMounted(mounts, [child])).output.includes('pull requests: 1');
}

/** A bot that gets a package when it starts, from a registry that is there for whoever has the host’s network. */
async function startsNaively(url: string, mounts: readonly string[]): Promise<boolean> {
  const code = `await fetch(${JSON.stringify(url)}).then((answer) => answer.text()).then((text) => console.log(text))`;
  return (await runMounted(mounts, ['--input-type=module', '-e', code])).output.includes('package');
}

async function openRegistry(ends: AsyncDisposableStack): Promise<string> {
  const server = createServer((_, response) => response.end('package'));
  ends.defer(() => {
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${await listenOn(server, ends)}/`;
}

export const offline = sharedClass('offline', async (ends) => {
  const url = await openRegistry(ends);
  const whole: Case = {
    id: 'D36',
    name: 'the app needs something of the network besides GitHub and the model to start and to work',
    baseline: async () => (await startsNaively(url, [])) && !(await startsNaively(url, alone)),
    attack: async () => !(await worksIn(alone)),
    twin: () => worksIn([]),
  };
  return [whole];
});
