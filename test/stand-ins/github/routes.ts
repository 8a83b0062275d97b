import { answerGraph } from './graphql/execute.ts';
import type { Route } from './route.ts';
import { appRoutes } from './routes/apps.ts';
import { checkRoutes } from './routes/checks.ts';
import { commitRoutes } from './routes/commits.ts';
import { gitObjectRoutes } from './routes/git-objects.ts';
import { gitRefRoutes } from './routes/git-refs.ts';
import { hookRoutes } from './routes/hooks.ts';
import { issueRoutes } from './routes/issues.ts';
import { labelRoutes } from './routes/labels.ts';
import { pullRoutes } from './routes/pulls.ts';
import { reactionRoutes } from './routes/reactions.ts';
import { repositoryRoutes } from './routes/repositories.ts';
import { reviewRoutes } from './routes/reviews.ts';

/** Every route we have, as data; the first that matches answers, so the more exact ones come first. */
export const routes: readonly Route[] = [
  ...appRoutes,
  ...hookRoutes,
  ...reactionRoutes,
  ...labelRoutes,
  ...issueRoutes,
  ...checkRoutes,
  ...gitRefRoutes,
  ...gitObjectRoutes,
  ...commitRoutes,
  ...reviewRoutes,
  ...pullRoutes,
  ...repositoryRoutes,
];

/** Everything that is asked in GraphQL; GitHub describes it in a schema of its own. */
export const graphRoute: Route = { method: 'POST', path: '/graphql', access: 'anyone', handle: answerGraph };

export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
  /** The path below `/repos/<owner>/<name>`, for the redirect of a moved repository. */
  readonly belowRepository: string;
}

/** These may hold slashes; the others end at one. */
const greedy = new Set(['path', 'ref', 'basehead', 'commit_sha_or_branch']);

const patterns = new Map<Route, RegExp>(routes.map((route) => [route, patternOf(route.path)]));

export function matchRoute(method: string, path: string): Match | undefined {
  if (method === graphRoute.method && path === graphRoute.path)
    return { route: graphRoute, params: {}, belowRepository: '' };
  for (const route of routes) {
    if (route.method !== method) continue;
    const found = patterns.get(route)?.exec(path);
    if (found === undefined || found === null) continue;
    const params = Object.fromEntries(
      Object.entries<string | undefined>(found.groups ?? {}).map(([name, value]) => [
        name,
        decodeURIComponent(value ?? ''),
      ]),
    );
    return {
      route,
      params,
      belowRepository: path
        .split('/')
        .slice(4)
        .map((part) => `/${part}`)
        .join(''),
    };
  }
  return undefined;
}

function patternOf(path: string): RegExp {
  const source = path.replace(/\/\{(\w+)\}|[.]/g, (part, name: string | undefined) => {
    if (name === undefined) return `\\${part}`;
    if (name === 'path') return `(?:/(?<path>.*))?`;
    if (name.endsWith('_id') || name.endsWith('_number')) return `/(?<${name}>\\d+)`;
    return greedy.has(name) ? `/(?<${name}>.+)` : `/(?<${name}>[^/]+)`;
  });
  return new RegExp(`^${source}$`);
}
