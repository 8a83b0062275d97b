import { removeMirrors } from './workspace/index.ts';
import { BotError } from './domain/index.ts';
import type { Receipt } from './store/index.ts';
import { mayMention, readDelivery } from './trigger/index.ts';
import type { VerifiedDelivery } from './web/index.ts';
import type { Deps } from './deps.ts';

/**
 * Reads a delivery and keeps it, with its job when it is one: resolves once that is committed. Its fate is logged, its body never.
 * What is kept about a repository that was taken from us is removed. Throws `store-unavailable`, or a github-… code while our own name is not known: then it has to come again.
 */
export async function keepDelivery(
  { id, event, payload, bodyHash }: VerifiedDelivery,
  deps: Pick<Deps, 'store' | 'log' | 'settings' | 'github' | 'now'>,
): Promise<Receipt> {
  const log = deps.log.child({ delivery: id, event });
  try {
    const slug = mayMention(payload) ? (await deps.github.identity()).slug : '';
    const reading = readDelivery(event, payload, { appId: deps.settings.appId, slug }, { id, at: at(deps) });
    const receipt = await deps.store.receive({ id, event, bodyHash }, reading);
    if (reading.type === 'uninstalled') {
      const gone = await deps.store.forget(reading.installationId, reading.repositoryIds);
      await removeMirrors(deps.settings.dataDir, gone);
    }
    log[receipt.type === 'queued' ? 'info' : 'debug'](receipt, 'delivery kept');
    return receipt;
  } catch (error) {
    log.error(
      { error: error instanceof BotError ? error.message : String(error) },
      'delivery refused: GitHub sees 503 and can redeliver it',
    );
    throw error;
  }
}

function at({ now }: Pick<Deps, 'now'>): string {
  return new Date(now()).toISOString();
}
