import { describe, expect, it } from 'vitest';
import { BotError } from '../../src/domain/index.ts';
import { ModelError, retryPolicy } from '../../src/model/index.ts';
import { errorAfter, fault, hang, startModel, text } from '../stand-ins/model/index.ts';
import type { Reply } from '../stand-ins/model/index.ts';
import { openDoor, question } from './ask.ts';

const now = Date.parse('2026-11-23T12:00:00Z');
const hour = 3_600_000;

/** Asks once, with every answer the same, and returns what is thrown, how long was waited and how often it was asked. */
async function fail(reply: Reply, random = 0): Promise<{ error: ModelError; waits: number[]; asked: number }> {
  await using standIn = await startModel(() => reply);
  const { model, waits } = openDoor(standIn, { now: () => now, random: () => random });
  const error: unknown = await model.turn(question()).catch((thrown: unknown) => thrown);
  if (!(error instanceof ModelError)) throw new Error(`Not a model's error: ${String(error)}`);
  return { error, waits, asked: standIn.requests.length };
}

describe('RL-30: a rate limit', () => {
  it.each([
    ['just beyond what is sat out', fault(429, { retryAfter: 121 }), 121_000],
    ['an hour away', fault(429, { retryAfter: 3600 }), hour],
    ['an hour away in milliseconds', fault(429, { retryAfterMs: hour }), hour],
    ['an hour away, of an overload', fault(529, { retryAfter: 3600 }), hour],
    ['years away', fault(429, { retryAfter: 1e9 }), 24 * hour],
    ['never over', fault(429, { retryAfter: '9'.repeat(400) }), 24 * hour],
  ])('%s is left to the queue, which hears when to come back', async (_, reply, wait) => {
    const { error, waits, asked } = await fail(reply);
    expect(error).toMatchObject({ code: 'model-unavailable', retryable: true, isOutage: true, retryAt: now + wait });
    expect({ waits, asked }).toEqual({ waits: [], asked: 1 });
  });

  it.each([0, 0.3, 0.999])('is never asked before its time, whatever the dice (%d)', async (random) => {
    const short = await fail(fault(429, { retryAfter: 30 }), random);
    expect(short.waits).toHaveLength(retryPolicy.attempts - 1);
    expect(Math.min(...short.waits)).toBeGreaterThanOrEqual(30_000);
    expect(Math.max(...short.waits)).toBeLessThanOrEqual(30_250);
    expect(short.error.retryAt).toBeGreaterThanOrEqual(now + retryPolicy.longestRetryAfterMs);
    const long = await fail(fault(429, { retryAfter: 600 }), random);
    expect(long.error.retryAt).toBeGreaterThanOrEqual(now + 600_000);
    expect(long.error.retryAt).toBeLessThanOrEqual(now + 615_000);
    expect(Number.isInteger(long.error.retryAt)).toBe(true);
  });

  it('without a time to come back is asked again with longer and longer waits, and then left to the queue', async () => {
    const { error, waits, asked } = await fail(fault(429));
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000]);
    expect(asked).toBe(retryPolicy.attempts);
    expect(error).toMatchObject({ code: 'model-unavailable', reason: 'rate-limited', isOutage: true });
    expect(error.retryAt).toBeUndefined();
  });
});

describe('RL-31: an outage', () => {
  it.each<[string, Reply, string]>([
    ['529', fault(529), 'overloaded'],
    ['500', fault(500), 'server-error'],
    ['504', fault(504), 'server-error'],
    ['an error after every beginning', errorAfter(text('Well'), 'text'), 'overloaded'],
  ])('of %s is sat out for about two minutes, then the job waits instead', async (_, reply, reason) => {
    const { error, waits, asked } = await fail(reply);
    expect(error).toMatchObject({ code: 'model-unavailable', reason, isOutage: true });
    expect(waits.reduce((sum, wait) => sum + wait)).toBe(123_000);
    expect(asked).toBe(retryPolicy.attempts);
    expect(error.reasonForRequester).toBe(
      'the model did not answer; the operator’s log has the details (model-unavailable).',
    );
  });

  it.each<[string, Reply]>([
    ['never begins', hang()],
    ['never goes on', hang(text('Well, then'))],
  ])('in which the answer %s ends as well', async (_, reply) => {
    await using standIn = await startModel(() => reply);
    const timeouts = { answerMs: 30, silenceMs: 30, wholeMs: 60_000 };
    const { model, waits } = openDoor(standIn, { timeouts });
    await expect(model.turn(question())).rejects.toMatchObject({ code: 'model-unavailable', reason: 'connection' });
    expect(waits).toHaveLength(retryPolicy.attempts - 1);
  });

  it('in which nobody listens at the address ends as well', async () => {
    const gone = await startModel([]);
    await gone[Symbol.asyncDispose]();
    const { model, waits } = openDoor(gone);
    await expect(model.turn(question())).rejects.toMatchObject({ code: 'model-unavailable', reason: 'connection' });
    expect(waits).toHaveLength(retryPolicy.attempts - 1);
  });
});

describe('RL-34: a spend limit', () => {
  it.each<[string, Reply]>([
    ['429 at the limit of the tier', fault(429, { errorCode: 'enforced_spend_limit_reached' })],
    ['429 at the limit of the contract', fault(429, { errorCode: 'contract_spend_limit_reached' })],
    ['429 at the limit of a linked organization', fault(429, { errorCode: 'linked_organization_spend_limit_reached' })],
    ['403 without billing', fault(403, { errorCode: 'linked_organization_billing_unavailable' })],
    ['402', fault(402)],
    ['402 of a proxy', fault(402, { errorType: 'api_error' })],
    ['a billing error', fault(400, { errorType: 'billing_error' })],
    ['no credit', fault(400, { message: 'Your credit balance is too low to access the API.' })],
    ['a billing error after the answer began', errorAfter(text('Well'), 'text', 'billing_error', 'No credit')],
  ])('%s is not asked again, and says what to do', async (_, reply) => {
    const { error, waits, asked } = await fail(reply);
    expect(error).toMatchObject({ code: 'model-spend-limit', reason: 'spend-limit', isOutage: true });
    expect(error.audience).toBe('operator');
    expect(error.message).toContain('raise the limit or buy credit');
    expect(error.retryAt).toBeUndefined();
    expect({ waits, asked }).toEqual({ waits: [], asked: 1 });
  });

  it('with a time at which it is lifted hands that on', async () => {
    const reply = fault(429, { errorCode: 'enforced_spend_limit_reached', retryAfter: 7200 });
    expect((await fail(reply)).error).toMatchObject({ code: 'model-spend-limit', retryAt: now + 2 * hour });
  });

  it('is no plain 429, nor a ramp limit', async () => {
    for (const reply of [fault(429), fault(429, { errorCode: 'ramp_limit_exceeded' })]) {
      const { error, asked } = await fail(reply);
      expect({ code: error.code, asked }).toEqual({ code: 'model-unavailable', asked: retryPolicy.attempts });
    }
  });
});

describe('a stop', () => {
  const stopped = new BotError('stopped', 'Stopped by @mona.');

  it.each<[string, unknown, (error: unknown) => boolean]>([
    ['with a reason of ours is that reason', stopped, (error) => error === stopped],
    ['without one is aborted', undefined, (error) => error instanceof BotError && error.code === 'aborted'],
  ])('%s: before the call, while it streams and while it waits', async (_, reason, isRight) => {
    await using standIn = await startModel((request) => (request.number === 1 ? hang(text('and then')) : fault(529)));
    const early = openDoor(standIn).model.turn(question({ signal: AbortSignal.abort(reason) }));
    await expect(early).rejects.toSatisfy(isRight);
    expect(standIn.requests).toEqual([]);

    const streaming = new AbortController();
    const { model, waits } = openDoor(standIn);
    const answer = model.turn(question({ signal: streaming.signal }));
    await standIn.received(1);
    streaming.abort(reason);
    await expect(answer).rejects.toSatisfy(isRight);
    expect(waits).toEqual([]);

    const waiting = new AbortController();
    const wait = async (_ms: number, signal: AbortSignal) => {
      waiting.abort(reason);
      signal.throwIfAborted();
    };
    const late = openDoor(standIn, { wait }).model.turn(question({ signal: waiting.signal }));
    await expect(late).rejects.toSatisfy(isRight);
    expect(standIn.requests).toHaveLength(2);
  });
});
