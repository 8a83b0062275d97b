import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from './child.ts';
import type { Service } from './service.ts';

/** GitHub and a model in a process of their own, whose runs stop in the middle and wait. */
export interface HeldWorld extends AsyncDisposable {
  /** What the service is started with. */
  readonly environment: Readonly<Record<string, string>> & { readonly DATA_DIR: string };
  /** Labels issues until this many more runs wait for the model. The service needs as many free workers. */
  holdRuns(service: Service, more: number): Promise<void>;
}

export async function openHeldWorld(dataDir: string): Promise<HeldWorld> {
  const child = startChild('world');
  let wanted = 0;
  return {
    environment: (await child.ask('environment', dataDir)) as HeldWorld['environment'], // environmentFor's
    async holdRuns(service, more) {
      wanted += more;
      await child.ask('connect', service.webhookUrl);
      await child.ask('open', more);
      while (Number(await child.ask('held')) < wanted) await sleep(100);
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}
