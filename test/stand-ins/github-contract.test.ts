import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { loadContract } from './github/openapi.ts';
import { routes } from './github/routes.ts';

const contract = loadContract();
const label = {
  id: 1,
  node_id: 'x',
  url: 'http://127.0.0.1/labels/bug',
  name: 'bug',
  color: 'd73a4a',
  default: true,
  description: null,
};

describe("the check against GitHub's description", () => {
  it.each(routes.map((route) => [`${route.method} ${route.path}`]))('knows %s', (route) => {
    expect(contract.docs(route)).toMatch(/^https:\/\/docs\.github\.com\/.*#/);
  });

  it.each([
    ['an answer as GitHub gives it', label, undefined],
    ['a field that GitHub does not have', { ...label, invented: 1 }, 'invented'],
    ['a field that is missing', { ...label, color: undefined }, 'color'],
    ['a value of another type', { ...label, id: '1' }, 'must be integer'],
    ['an address that is none', { ...label, url: 'labels' }, 'uri'],
    ['a null where GitHub has none', { ...label, name: null }, 'must be string'],
  ])('judges %s', (_what, answer, complaint) => {
    // As it travels: what is undefined is not there.
    const sent: unknown = JSON.parse(JSON.stringify(answer));
    const problem = contract.answerProblem('GET /repos/{owner}/{repo}/labels/{name}', 200, sent);
    if (complaint === undefined) expect(problem).toBeUndefined();
    else expect(problem).toContain(complaint);
  });

  it('notices a status that GitHub never answers, and a body where there is none', () => {
    expect(contract.answerProblem('GET /app', 202, {})).toContain('never answers 202');
    expect(contract.answerProblem('DELETE /installation/token', 204, {})).toContain('without a body');
  });

  it('is small enough to be part of the project', async () => {
    const file = await readFile(new URL('./github/openapi.json', import.meta.url));
    expect(file.length).toBeLessThan(1_500_000);
  });
});
