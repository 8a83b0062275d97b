import type { ApiRequest } from './api.ts';
import type { Answer } from './route.ts';
import type { World } from './world.ts';

/** Cuts the page that was asked for out of a list and says in `Link` where the others are. */
export function pageOf(answer: Answer, request: Pick<ApiRequest, 'path' | 'query'>, world: World): Answer {
  const items = answer.list ?? [];
  const size = Math.min(positive(request.query.get('per_page'), 30), 100);
  const page = positive(request.query.get('page'), 1);
  const last = Math.max(1, Math.ceil(items.length / size));
  const shown = items.slice((page - 1) * size, page * size);
  const link = linkHeader(`${world.url}/api/v3${request.path}`, request.query, { page, last });
  return {
    status: answer.status,
    body: answer.wrap === undefined ? shown : answer.wrap(shown, items.length),
    headers: { ...answer.headers, ...(link === '' ? {} : { link }) },
  };
}

function positive(text: string | null, otherwise: number): number {
  const value = Number(text);
  return text !== null && Number.isInteger(value) && value > 0 ? value : otherwise;
}

function linkHeader(url: string, query: URLSearchParams, at: { page: number; last: number }): string {
  const rels: [string, number, boolean][] = [
    ['prev', Math.min(at.page - 1, at.last), at.page > 1],
    ['next', at.page + 1, at.page < at.last],
    ['last', at.last, at.page < at.last],
    ['first', 1, at.page > 1],
  ];
  return rels
    .filter(([, , applies]) => applies)
    .map(([rel, page]) => `<${url}?${withPage(query, page)}>; rel="${rel}"`)
    .join(', ');
}

function withPage(query: URLSearchParams, page: number): string {
  const changed = new URLSearchParams(query);
  changed.set('page', String(page));
  return changed.toString();
}
