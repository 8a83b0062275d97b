import { askGraph, type Caller } from '../calls/index.ts';
import type { RepositoryClient } from './client.ts';
import type { ReviewThreadFacts } from './review-facts.ts';

/** The only texts that we send in GraphQL: REST knows neither threads nor that they are resolved. Nothing is put into them. */
const threadsQuery = `query ($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: 100, after: $after) {
        nodes {
          id
          isResolved
          first: comments(first: 1) { nodes { fullDatabaseId author { __typename } } }
          last: comments(last: 1) { nodes { fullDatabaseId } }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}`;
const resolveMutation = `mutation ($threadId: ID!) { resolveReviewThread(input: { threadId: $threadId }) { thread { id } } }`;

/** GitHub's answer to it. An author is null once the account is gone. */
interface ThreadsData {
  readonly repository: {
    readonly pullRequest: {
      readonly reviewThreads: {
        readonly nodes: readonly (ThreadNode | null)[];
        readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
      };
    };
  };
}

interface ThreadNode {
  readonly id: string;
  readonly isResolved: boolean;
  readonly first: Comments<{
    readonly fullDatabaseId: string;
    readonly author: { readonly __typename: string } | null;
  }>;
  readonly last: Comments<{ readonly fullDatabaseId: string }>;
}

interface Comments<T> {
  readonly nodes: readonly (T | null)[];
}

/** Three thousand threads. */
const mostPages = 30;

/** The threads on the lines of a pull request, as a whole. */
export function createThreads(caller: Caller) {
  return {
    async reviewThreads(pullNumber) {
      const threads: ReviewThreadFacts[] = [];
      let after: string | null = null;
      for (let page = 1; page <= mostPages; page++) {
        const { nodes, pageInfo } = await readPage(caller, pullNumber, after);
        threads.push(...nodes.flatMap(toThreadFacts));
        if (!pageInfo.hasNextPage) break;
        after = pageInfo.endCursor;
      }
      return threads;
    },
    async resolveThread(threadId) {
      await caller.call('resolveThread', (kit, at) =>
        askGraph(kit, at, { query: resolveMutation, variables: { threadId } }),
      );
    },
  } satisfies Partial<RepositoryClient>;
}

async function readPage(caller: Caller, number: number, after: string | null) {
  const { repository } = await caller.call('reviewThreads', (kit, at) =>
    askGraph<ThreadsData>(kit, at, {
      query: threadsQuery,
      variables: { owner: at.owner, name: at.repo, number, after },
    }),
  );
  return repository.pullRequest.reviewThreads;
}

/** Numbers of comments are too long for GraphQL's numbers, so they come as text. */
function toThreadFacts(node: ThreadNode | null): readonly ReviewThreadFacts[] {
  const [first, last] = [node?.first.nodes[0], node?.last.nodes[0]];
  if (!node || !first || !last) return [];
  return [
    {
      id: node.id,
      isResolved: node.isResolved,
      isByPerson: first.author?.__typename === 'User',
      firstId: Number(first.fullDatabaseId),
      lastId: Number(last.fullDatabaseId),
    },
  ];
}
