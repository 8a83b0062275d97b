import type { Octokit } from '@octokit/rest';
import type { At } from './caller.ts';
import type { Answer } from './sending.ts';

/** One question in GitHub's GraphQL. `query` is a fixed text: what differs goes into `variables`. */
export interface Question {
  readonly query: string;
  readonly variables: Readonly<Record<string, string | number | null>>;
}

interface Fault {
  readonly type?: string;
  readonly message: string;
}

/** Refusals come as 200 with `errors`; this is one as REST would have made it, for who reads refusals. */
class GraphRefusal extends Error {
  readonly status: number;
  readonly response: { readonly headers: Answer<unknown>['headers']; readonly data: { readonly message: string } };

  constructor({ type, message }: Fault, headers: Answer<unknown>['headers']) {
    super(message);
    this.status = /rate limit/i.test(message) ? 429 : (statuses[type ?? ''] ?? 422);
    this.response = { headers, data: { message } };
  }
}

const statuses: Readonly<Record<string, number>> = {
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  RATE_LIMITED: 429,
  RATE_LIMIT: 429,
};

/** Asks it, for what `T` says the text asks for. Anything that GitHub finds wrong with it is thrown, even beside data. */
export async function askGraph<T>(octokit: Octokit, at: At, { query, variables }: Question): Promise<Answer<T>> {
  const { headers, request } = at;
  const url = `${octokit.request.endpoint.DEFAULTS.baseUrl.replace(/\/api\/v3$/, '/api')}/graphql`;
  const answer = await octokit.request({ method: 'POST', url, headers, request, query, variables });
  const { data, errors = [] } = answer.data as { data?: T | null; errors?: readonly Fault[] }; // what GraphQL answers
  const [fault] = errors;
  if (fault) throw new GraphRefusal(fault, answer.headers);
  if (data === undefined || data === null) throw new GraphRefusal({ message: 'no data' }, answer.headers);
  return { status: answer.status, headers: answer.headers, data };
}
