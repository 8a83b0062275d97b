/** Who has to act on an error of ours. */
export type Audience = 'operator' | 'requester';

interface ErrorKind {
  /** A later attempt may succeed. */
  readonly retryable: boolean;
  /** Somebody else's trouble that passes: the job is parked until it is over, instead of being given up after a few attempts. */
  readonly outage?: true;
  readonly audience: Audience;
  /** What the person who asked reads when the message is not meant for them. */
  readonly plain?: string;
}

const ours = 'something went wrong on our side';

/** Every error of ours, with whether a later attempt may succeed and who hears of it. One place, so that nobody compares messages. */
export const errorCatalogue = {
  'config-invalid': { retryable: false, audience: 'operator', plain: 'this app is not configured right' },
  'store-locked': { retryable: false, audience: 'operator', plain: ours },
  'store-unavailable': { retryable: true, outage: true, audience: 'operator', plain: 'our database did not answer' },
  'store-newer': { retryable: false, audience: 'operator', plain: ours },
  fenced: { retryable: false, audience: 'operator', plain: ours },
  aborted: { retryable: true, audience: 'operator', plain: 'the work was interrupted' },
  stopped: { retryable: false, audience: 'requester' },
  'disk-full': { retryable: true, outage: true, audience: 'operator', plain: 'our disk is full' },
  'github-unavailable': { retryable: true, outage: true, audience: 'operator', plain: 'GitHub did not answer' },
  'github-limited': { retryable: true, outage: true, audience: 'operator', plain: 'GitHub’s rate limit is reached' },
  'github-taken': {
    retryable: true,
    outage: true,
    audience: 'operator',
    plain: 'GitHub does not show what is there yet',
  },
  'github-forbidden': { retryable: false, audience: 'requester' },
  'github-gone': { retryable: false, audience: 'requester' },
  'github-rejected': { retryable: false, audience: 'operator', plain: 'GitHub refused what we sent' },
  'branch-moved': { retryable: false, audience: 'requester' },
  'git-failed': { retryable: true, outage: true, audience: 'operator', plain: 'the repository could not be fetched' },
  'repository-unusable': { retryable: false, audience: 'requester' },
  'box-unavailable': { retryable: true, outage: true, audience: 'operator', plain: 'the sandbox could not be started' },
  'box-lost': { retryable: true, outage: true, audience: 'operator', plain: 'the sandbox ended unexpectedly' },
  'model-unavailable': { retryable: true, outage: true, audience: 'operator', plain: 'the model did not answer' },
  'model-spend-limit': {
    retryable: true,
    outage: true,
    audience: 'operator',
    plain: 'the spend limit of the model’s account is reached',
  },
  'model-rejected': { retryable: false, audience: 'operator', plain: 'the model refused our request' },
  'agent-invalid': { retryable: false, audience: 'operator', plain: 'the agent’s definition is not right' },
  'change-set-refused': { retryable: false, audience: 'requester' },
  'secret-found': {
    retryable: false,
    audience: 'operator',
    plain: 'stopped: a secret of this installation was about to be published; the operator has been told',
  },
  bug: { retryable: true, audience: 'operator', plain: ours },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorCatalogue;

/** An error of ours: a code from the catalogue, a sentence that says what is wrong, where, and what is right. */
export class BotError extends Error {
  override readonly name = 'BotError';
  readonly code: ErrorCode;
  /** When trying again makes sense, in milliseconds since 1970, where whoever refused has said so. */
  readonly retryAt?: number;

  constructor(code: ErrorCode, message: string, options: ErrorOptions & { readonly retryAt?: number } = {}) {
    super(message, options);
    this.code = code;
    if (options.retryAt !== undefined) this.retryAt = options.retryAt;
  }

  get retryable(): boolean {
    return errorCatalogue[this.code].retryable;
  }

  get isOutage(): boolean {
    const { outage }: ErrorKind = errorCatalogue[this.code];
    return outage === true;
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
