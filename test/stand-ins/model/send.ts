import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Fault } from './reply.ts';

/** An error as the API words it. */
export function refuse(response: ServerResponse, wrong: Fault): void {
  const id = requestId();
  const details = wrong.errorCode === undefined ? {} : { details: { error_code: wrong.errorCode } };
  const error = { type: wrong.errorType, message: wrong.message, ...details };
  send(response, wrong.status, { type: 'error', error, request_id: id }, { ...commonHeaders(id), ...wrong.headers });
}

export function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = commonHeaders(requestId()),
): void {
  response.writeHead(status, { ...headers, 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

export function requestId(): string {
  return `req_${randomBytes(12).toString('hex')}`;
}

/** What every answer carries. */
export function commonHeaders(id: string): Readonly<Record<string, string>> {
  const reset = new Date(Date.now() + 60_000).toISOString();
  return {
    'request-id': id,
    'anthropic-organization-id': '00000000-0000-4000-8000-000000000000',
    'anthropic-ratelimit-requests-limit': '4000',
    'anthropic-ratelimit-requests-remaining': '3999',
    'anthropic-ratelimit-requests-reset': reset,
    'anthropic-ratelimit-input-tokens-limit': '2000000',
    'anthropic-ratelimit-input-tokens-remaining': '2000000',
    'anthropic-ratelimit-input-tokens-reset': reset,
    'anthropic-ratelimit-output-tokens-limit': '400000',
    'anthropic-ratelimit-output-tokens-remaining': '400000',
    'anthropic-ratelimit-output-tokens-reset': reset,
  };
}
