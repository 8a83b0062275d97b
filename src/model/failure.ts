import { APIConnectionError, APIError } from '@anthropic-ai/sdk';
import { BotError } from '../domain/index.ts';
import type { ErrorCode } from '../domain/index.ts';

/**
 * Why the model didn't answer, for those who decide what happens next.
 * `spend-limit` needs a person before anything works again; `key`, `not-found`, `too-large` and `invalid` need a change of ours.
 */
export type ModelErrorReason =
  | 'overloaded'
  | 'rate-limited'
  | 'server-error'
  | 'connection'
  | 'spend-limit'
  | 'key'
  | 'not-found'
  | 'too-large'
  | 'invalid';

/** An error at the model's door, with its reason as data. */
export class ModelError extends BotError {
  readonly reason: ModelErrorReason;

  constructor(
    code: ErrorCode,
    reason: ModelErrorReason,
    message: string,
    options?: ErrorOptions & { readonly retryAt?: number },
  ) {
    super(code, message, options);
    this.reason = reason;
  }
}

/** What a failed call means: try again, or tell whom. */
export interface Failure {
  readonly verdict: 'retry' | 'unavailable' | 'rejected';
  readonly reason: ModelErrorReason;
  /** How long the API asked us to wait, in milliseconds. */
  readonly retryAfterMs?: number;
}

interface Row {
  readonly status?: readonly number[];
  /** The broad category; the only thing an error event inside a stream carries. */
  readonly type?: readonly string[];
  /** The machine-readable code, more precise than the status. */
  readonly code?: readonly string[];
  /** Words of an invalid request, for the refusals that the API gives no code of their own. */
  readonly words?: RegExp;
  readonly verdict: Failure['verdict'];
  readonly reason: ModelErrorReason;
}

/**
 * The first row that fits decides: codes before words before categories before statuses. Words may change without notice; what they
 * then cost is a run that ends as `invalid` instead of going on.
 */
const rows: readonly Row[] = [
  {
    code: [
      'contract_spend_limit_reached',
      'enforced_spend_limit_reached',
      'linked_organization_spend_limit_reached',
      'linked_organization_billing_unavailable',
    ],
    verdict: 'unavailable',
    reason: 'spend-limit',
  },
  { type: ['billing_error'], verdict: 'unavailable', reason: 'spend-limit' },
  { status: [402], verdict: 'unavailable', reason: 'spend-limit' },
  { words: /credit balance is too low/i, verdict: 'unavailable', reason: 'spend-limit' },
  { code: ['prompt_too_long', 'request_body_too_large_after_decoding'], verdict: 'rejected', reason: 'too-large' },
  { type: ['request_too_large'], verdict: 'rejected', reason: 'too-large' },
  { words: /prompt is too long|exceeds? (the )?context (limit|window)/i, verdict: 'rejected', reason: 'too-large' },
  { type: ['overloaded_error'], verdict: 'retry', reason: 'overloaded' },
  { type: ['rate_limit_error'], verdict: 'retry', reason: 'rate-limited' },
  { status: [413], verdict: 'rejected', reason: 'too-large' },
  { type: ['authentication_error', 'permission_error'], verdict: 'rejected', reason: 'key' },
  { type: ['not_found_error'], verdict: 'rejected', reason: 'not-found' },
  { type: ['invalid_request_error'], verdict: 'rejected', reason: 'invalid' },
  { type: ['api_error', 'timeout_error'], verdict: 'retry', reason: 'server-error' },
  { status: [529, 503], verdict: 'retry', reason: 'overloaded' },
  { status: [429], verdict: 'retry', reason: 'rate-limited' },
  { status: [401, 403], verdict: 'rejected', reason: 'key' },
  { status: [404], verdict: 'rejected', reason: 'not-found' },
  { status: [408, 409, 425, 499, 500, 501, 502, 504], verdict: 'retry', reason: 'server-error' },
];

/**
 * Reads what a failed call means from its status, category and code; from its words only where the API gives nothing else.
 * A connection that failed, and a stream that broke off or ended early, can be tried again.
 */
export function readFailure(error: unknown, now: () => number): Failure {
  if (!isApiError(error)) return { verdict: 'retry', reason: 'connection' };
  if (error instanceof APIConnectionError) return { verdict: 'retry', reason: 'connection' };
  const row = rows.find((one) => fits(one, error));
  const { verdict, reason } = row ?? unforeseen(error.status);
  const retryAfterMs = readRetryAfter(error.headers, now);
  return { verdict: overruled(verdict, error), reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** The class narrows to `any` in its type parameters; this narrows to their defaults. */
export function isApiError(error: unknown): error is APIError {
  return error instanceof APIError;
}

function fits(row: Row, error: APIError): boolean {
  return (
    has(row.code, error.errorCode) ||
    has(row.type, error.type) ||
    has(row.status, error.status) ||
    (error.type === 'invalid_request_error' && row.words?.test(error.apiMessage ?? '') === true)
  );
}

function has<T>(values: readonly T[] | undefined, value: T | null | undefined): boolean {
  return value !== null && value !== undefined && values?.includes(value) === true;
}

/** A status we don't know: the server's fault from 500 on, otherwise ours. */
function unforeseen(status: number | undefined): Pick<Row, 'verdict' | 'reason'> {
  const isServers = status === undefined || status >= 500;
  return isServers ? { verdict: 'retry', reason: 'server-error' } : { verdict: 'rejected', reason: 'invalid' };
}

/** The API may say itself that repeating is pointless. It can't make us repeat what is refused for good. */
function overruled(verdict: Failure['verdict'], error: APIError): Failure['verdict'] {
  return verdict === 'retry' && error.headers?.get('x-should-retry') === 'false' ? 'unavailable' : verdict;
}

/** Nobody means a longer wait than this; a header that says so is not believed beyond it. */
const longestWaitMs = 24 * 3_600_000;

/**
 * `retry-after-ms`, or `retry-after` as seconds or an HTTP date; undefined when neither says anything usable. A date is read against
 * the answer's own, as our clock may be wrong.
 */
function readRetryAfter(headers: Headers | undefined, now: () => number): number | undefined {
  const after = headers?.get('retry-after') ?? '';
  const answeredAt = Date.parse(headers?.get('date') ?? '');
  const untilDate = Date.parse(after) - (Number.isNaN(answeredAt) ? now() : answeredAt);
  const waits = [Number(headers?.get('retry-after-ms') ?? ''), Number(after) * 1000, untilDate];
  const wait = waits.find((one) => one > 0);
  return wait === undefined ? undefined : Math.min(wait, longestWaitMs);
}

const advice: Readonly<Record<ModelErrorReason, string>> = {
  overloaded: 'the API is overloaded',
  'rate-limited': "the organization's rate limit is reached",
  'server-error': 'the API answers with errors of its own',
  connection: 'the connection fails or breaks off',
  'spend-limit':
    'the spend limit or credit of the account is used up: raise the limit or buy credit in the console of whoever provides the model, then the work goes on by itself',
  key: 'the API key is refused: check ANTHROPIC_API_KEY and what the key may use',
  'not-found': 'the model or address does not exist: check the model name and ANTHROPIC_BASE_URL',
  'too-large': 'the request is larger than the API takes',
  invalid: 'the API calls the request invalid',
};

/** The failure as one of our errors, after `attempts` tries; the API's own error is its cause. `retryAt` is in milliseconds since 1970. */
export function toModelError(
  error: unknown,
  failure: Failure,
  { attempts, retryAt }: { readonly attempts: number; readonly retryAt: number | undefined },
): BotError {
  const tries = attempts > 1 ? ` after ${attempts} attempts` : '';
  const said = isApiError(error) ? describe(error) : '';
  const message = `The model did not answer${tries}: ${advice[failure.reason]}${said}.`;
  return new ModelError(codeOf(failure), failure.reason, message, {
    cause: error,
    ...(retryAt !== undefined && { retryAt }),
  });
}

function codeOf({ verdict, reason }: Failure): ErrorCode {
  if (reason === 'spend-limit') return 'model-spend-limit';
  return verdict === 'rejected' ? 'model-rejected' : 'model-unavailable';
}

/** Status, category, code and request id: enough to ask support, nothing of the request. */
function describe(error: APIError): string {
  const parts = [
    error.status === undefined ? undefined : `status ${error.status}`,
    error.errorCode ?? error.type,
    error.requestID ?? undefined,
    error.apiMessage ?? undefined,
  ].filter((part) => part !== undefined && part !== null);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

/** The call was stopped by whoever asked for it; a reason of ours is handed on as it is. */
export function stoppedError(signal: AbortSignal): BotError {
  const reason: unknown = signal.reason;
  if (reason instanceof BotError) return reason;
  return new BotError('aborted', 'The call to the model was stopped before it answered.', { cause: reason });
}
