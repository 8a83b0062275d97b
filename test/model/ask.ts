import { createModel } from '../../src/model/index.ts';
import type { Model, ModelOptions, TurnReply, TurnRequest } from '../../src/model/index.ts';
import type { ModelStandIn } from '../stand-ins/model/index.ts';

/** The door to a stand-in, with waits that are only noted: `waits` holds the milliseconds of each. */
export function openDoor(
  standIn: Pick<ModelStandIn, 'url' | 'apiKey'>,
  options: ModelOptions = {},
): { model: Model; waits: number[] } {
  const waits: number[] = [];
  const model = createModel({
    apiKey: standIn.apiKey,
    baseUrl: standIn.url,
    wait: async (ms) => {
      waits.push(ms);
    },
    random: () => 0,
    ...options,
  });
  return { model, waits };
}

/** A plain first question; what a test cares about replaces a part of it. */
export function question(more: Partial<TurnRequest> = {}): TurnRequest {
  return {
    model: 'claude-opus-5-5',
    system: 'Be brief.',
    tools: [],
    messages: [{ role: 'user', content: 'Hello' }],
    maxTokens: 1000,
    signal: new AbortController().signal,
    ...more,
  };
}

/** Asks once through a fresh door. */
export async function ask(standIn: ModelStandIn, more: Partial<TurnRequest> = {}): Promise<TurnReply> {
  return openDoor(standIn).model.turn(question(more));
}
