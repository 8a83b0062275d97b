/** Who has to act on an error of ours. */
export type Audience = 'operator' | 'requester';

interface ErrorKind {
  /** A later attempt may succeed. */
  readonly retryable: boolean;
  readonly audience: Audience;
  /** What the person who asked reads when the message is not meant for them. */
  readonly plain?: string;
}

const ours = 'something went wrong on our side';

/** Every error of ours, with whether a later attempt may succeed and who hears of it. One place, so that nobody compares messages. */
export const errorCatalogue = {
  'config-invalid': { retryable: false, audience: 'operator', plain: 'this app is not configured right' },
  'store-locked': { retryable: false, audience: 'operator', plain: ours },
  'store-unavailable': { retryable: true, audience: 'operator', plain: 'our database did not answer' },
  'store-newer': { retryable: false, audience: 'operator', plain: ours },
  fenced: { retryable: false, audience: 'operator', plain: ours },
  aborted: { retryable: true, audience: 'operator', plain: 'the work was interrupted' },
  'github-unavailable': { retryable: true, audience: 'operator', plain: 'GitHub did not answer' },
  'github-forbidden': { retryable: false, audience: 'requester' },
  'github-gone': { retryable: false, audience: 'requester' },
  'github-rejected': { retryable: false, audience: 'operator', plain: 'GitHub refused what we sent' },
  'branch-moved': { retryable: false, audience: 'requester' },
  'git-failed': { retryable: true, audience: 'operator', plain: 'the repository could not be fetched' },
  'repository-unusable': { retryable: false, audience: 'requester' },
  'box-unavailable': { retryable: true, audience: 'operator', plain: 'the sandbox could not be started' },
  'box-lost': { retryable: true, audience: 'operator', plain: 'the sandbox ended unexpectedly' },
  'model-unavailable': { retryable: true, audience: 'operator', plain: 'the model did not answer' },
  'model-rejected': { retryable: false, audience: 'operator', plain: 'the model refused our request' },
  'agent-invalid': { retryable: false, audience: 'operator', plain: 'the agent’s definition is not right' },
  'change-set-refused': { retryable: false, audience: 'requester' },
  bug: { retryable: true, audience: 'operator', plain: ours },
} as const satisfies Record<string, ErrorKind>;

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

  /** What the person who asked may read: the message if it is for them, otherwise one plain line that names the code. */
  get reasonForRequester(): string {
    const { plain }: ErrorKind = errorCatalogue[this.code];
    return plain === undefined ? this.message : `${plain}; the operator’s log has the details (${this.code}).`;
  }
}

/** The error as one of ours; anything unforeseen becomes a `bug`. */
export function toBotError(error: unknown): BotError {
  if (error instanceof BotError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new BotError('bug', message, { cause: error });
}
