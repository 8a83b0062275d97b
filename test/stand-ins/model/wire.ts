import type { ModelStandIn } from './index.ts';

/** The smallest valid question. */
export const user = { role: 'user', content: 'Hello' };
export const plain = { model: 'claude-opus-5-5', max_tokens: 100, messages: [user] };

/** Posts a body as it is, without any client in between. */
export async function post(
  model: ModelStandIn,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${model.url}/v1/messages`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${model.apiKey}`,
      'anthropic-version': '2026-10-21',
      'content-type': 'application/json',
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}
