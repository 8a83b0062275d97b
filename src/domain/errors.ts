/** Who has to act on an error of ours. */
export type Audience = 'operator' | 'requester';

/** Every error of ours, with whether a later attempt may succeed and who hears of it. One place, so that nobody compares messages. */
export const errorCatalogue = {
  'config-invalid': { retryable: false, audience: 'operator' },
  'store-locked': { retryable: false, audience: 'operator' },
  'store-unavailable': { retryable: true, audience: 'operator' },
  'store-newer': { retryable: false, audience: 'operator' },
  fenced: { retryable: false, audience: 'operator' },
  aborted: { retryable: true, audience: 'operator' },
  'github-unavailable': { retryable: true, audience: 'operator' },
  'github-forbidden': { retryable: false, audience: 'operator' },
  'github-gone': { retryable: false, audience: 'requester' },
  'github-rejected': { retryable: false, audience: 'operator' },
  'branch-moved': { retryable: false, audience: 'requester' },
  'git-failed': { retryable: true, audience: 'operator' },
  'repository-unusable': { retryable: false, audience: 'requester' },
  'box-unavailable': { retryable: true, audience: 'operator' },
  'box-lost': { retryable: true, audience: 'operator' },
  'model-unavailable': { retryable: true, audience: 'operator' },
  'model-rejected': { retryable: false, audience: 'operator' },
  'agent-invalid': { retryable: false, audience: 'operator' },
  'change-set-refused': { retryable: false, audience: 'requester' },
  bug: { retryable: true, audience: 'operator' },
} as const satisfies Record<string, { retryable: boolean; audience: Audience }>;

export type ErrorCode = keyof typeof errorCatalogue;

/** An error of ours: a code from the catalogue, a sentence that says what is wrong, where, and what is right. */
export class BotError extends Error {
  override readonly name = 'BotError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get retryable(): boolean {
    return errorCatalogue[this.code].retryable;
  }

  get audience(): Audience {
    return errorCatalogue[this.code].audience;
  }
}

/** The error as one of ours; anything unforeseen becomes a `bug`. */
export function toBotError(error: unknown): BotError {
  if (error instanceof BotError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new BotError('bug', message, { cause: error });
}
