import { BotError } from '../domain/index.ts';
import type { Sql } from '../database/index.ts';
import type { Claim } from './claim.ts';

/**
 * A claim may write while its epoch is the job's latest and the job has not gone back into the queue.
 * Statements give the job's id as `$1` and the epoch as `$2`.
 */
export const isHeld = "epoch = $2 and state <> 'queued'";
export const heldBy = `id = $1 and ${isHeld}`;

/** The same for effects, which a courtesy may have too: epoch 0 is the job's until somebody takes it. */
export const heldForEffects = "id = $1 and epoch = $2 and (state = 'queued') = ($2 = 0)";

/** Throws `fenced` unless the claim is good for effects at this moment. */
export async function requireHeld(claim: Claim, sql: Sql): Promise<void> {
  const held = await sql(`select id from backend.jobs where ${heldForEffects}`, [claim.jobId, claim.epoch]);
  if (held.length === 0) throw fenced(claim);
}

/** The error for a claim that another one, or its own return to the queue, has made outdated. */
export function fenced(claim: Claim): BotError {
  return new BotError('fenced', `Job ${claim.jobId} is no longer held by claim ${claim.epoch}; nothing was written.`);
}
