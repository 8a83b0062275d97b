import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readDelivery } from '../../src/trigger/index.ts';

const bot = { appId: 4711, slug: 'back-bot' };
const arrival = { id: 'guid-1', at: '2025-06-01T10:00:00Z' };
const recorded = readFileSync(
  new URL('../fixtures/deliveries/pull_request_review.submitted.json', import.meta.url),
  'utf8',
);

describe('a review of a pull request by an App', () => {
  const review = (state: string, body: string | null, by = {}) => {
    const payload = JSON.parse(recorded) as Record<'review' | 'pull_request' | 'sender', object>;
    payload.review = { ...payload.review, state, body };
    payload.pull_request = { ...payload.pull_request, user: { login: 'back-bot[bot]' } };
    payload.sender = { ...payload.sender, ...by };
    return readDelivery('pull_request_review', payload, bot, arrival);
  };

  it.each(['changes_requested', 'commented'])('asks to go on with it when it is %s', (state) => {
    expect(review(state, null)).toMatchObject({
      type: 'work',
      request: { verb: 'revise', via: 'review', source: { type: 'review' }, subject: { kind: 'pull_request' } },
    });
  });

  it.each([
    ['an approval', 'approved', 'Fine.', 'a review that is approved asks for nothing'],
    ['a dismissal', 'dismissed', '', 'a review that is dismissed asks for nothing'],
  ])('asks for nothing as %s', (_, state, body, reason) => {
    expect(review(state, body)).toEqual({ type: 'ignored', reason });
  });

  it('asks for nothing when an App submitted it, whichever App that is, but for a command', () => {
    const app = { login: 'other-app[bot]', type: 'Bot' };
    expect(review('changes_requested', 'Please shout.', app)).toEqual({
      type: 'ignored',
      reason: 'it holds no command',
    });
    expect(review('commented', '/backend revise', app)).toMatchObject({ request: { via: 'command' } });
    const us = { login: `${bot.slug}[bot]`, type: 'Bot' };
    expect(review('commented', '/backend revise', us)).toMatchObject({ type: 'ignored' });
  });

  it('is a command when it holds one, also as an approval', () => {
    expect(review('approved', '/backend status')).toMatchObject({ request: { verb: 'status', via: 'command' } });
  });
});
