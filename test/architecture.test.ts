import { existsSync, globSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { mayImport, packageHomes, pureRooms, teammates } from './house.ts';

/** The house rules of ARCHITECTURE.md and CONTRIBUTING.md, executable. The tables are in house.ts; each rule carries code that breaks it. */

interface Source {
  readonly path: string;
  readonly text: string;
  readonly nodes: readonly ts.Node[];
}

interface Rule {
  readonly name: string;
  /** One line for every place that breaks it. */
  readonly findBreaks: (sources: readonly Source[]) => readonly string[];
  readonly broken: readonly (readonly [path: string, text: string])[];
  readonly kept: readonly (readonly [path: string, text: string])[];
}

const rules: readonly Rule[] = [
  {
    name: 'imports point down, and into a folder only through its index.ts',
    findBreaks: inSource(({ path, nodes }) =>
      importsOf(nodes).filter((name) => name.startsWith('.') && !isAllowedImport(path, name)),
    ),
    broken: [
      ['src/policy/a.ts', `import { branchFor } from '../job/index.ts';`],
      ['src/trigger/a.ts', `export { b } from '../policy/index.ts';`],
      ['src/store/a.ts', `import type { GitHub } from '../github/index.ts';`],
      ['src/policy/a.ts', `import { b } from '../domain/plan.ts';`],
      ['src/policy/a.ts', `const b = await import('../app.ts');`],
      ['src/domain/a.ts', `import { b } from '../store/index.ts';`],
      ['src/toolhost/a.ts', `import { b } from '../domain/index.ts';`],
      ['src/sandbox/a.ts', `import { b } from '../toolhost/index.ts';`],
      ['src/app.ts', `import { b } from './policy/decide.ts';`],
      ['src/app.ts', `import { b } from '../test/stand-ins/index.ts';`],
    ],
    kept: [
      ['src/policy/a.ts', `import { b } from '../github/index.ts'; import { c } from './b.ts';`],
      ['src/app.ts', `import { b } from './policy/index.ts'; import { c } from './worker.ts';`],
      ['src/cli/a.ts', `import { readConfig } from '../config.ts';`],
    ],
  },
  {
    name: 'a package is imported only at its door',
    findBreaks: inSource(({ path, nodes }) =>
      importsOf(nodes).filter((name) => /^(?!\.|node:)/u.test(name) && !isAtHome(path, name)),
    ),
    broken: [
      ['src/publish/a.ts', `import { Octokit } from '@octokit/rest';`],
      ['src/agent/a.ts', `import Anthropic from '@anthropic-ai/sdk';`],
      ['src/verify/a.ts', `import { simpleGit } from 'simple-git';`],
      ['src/app.ts', `import pg from 'pg';`],
      ['src/domain/a.ts', `import { z } from 'zod';`],
      ['src/toolhost/a.ts', `import { z } from 'zod';`],
      ['src/app.ts', `import _ from 'lodash';`],
      ['src/store/a.ts', `import b from 'pg-format';`],
      ['src/app.ts', `import fs from 'fs';`],
    ],
    kept: [
      ['src/database/a.ts', `import pg from 'pg'; import boss from 'pg-boss'; import fs from 'node:fs';`],
      ['src/web/a.ts', `import { html } from 'hono/html';`],
    ],
  },
  {
    name: 'trigger, policy, job and markdown touch no network, files, clock or randomness, and domain nothing at all',
    findBreaks: inSource(({ path, nodes }) => (isPure(path) ? findImpurities(placeOf(path), nodes) : [])),
    broken: [
      ['src/policy/a.ts', `import { readFileSync } from 'node:fs';`],
      ['src/trigger/a.ts', `const a = Date.now();`],
      ['src/trigger/a.ts', `const a = new Date();`],
      ['src/job/a.ts', `const a = Math.random();`],
      ['src/job/a.ts', `import { randomUUID } from 'node:crypto';`],
      ['src/policy/a.ts', `await fetch('https://example.com');`],
      ['src/domain/a.ts', `import { createHash } from 'node:crypto';`],
    ],
    kept: [
      ['src/job/a.ts', `import { posix } from 'node:path'; const a = posix.matchesGlob('a', '*');`],
      ['src/job/a.ts', `import { createHash } from 'node:crypto'; const a = Math.min(1, 2); const b = new Date(0);`],
      ['src/store/a.ts', `import { readFileSync } from 'node:fs'; const a = Date.now();`],
    ],
  },
  {
    name: 'only config.ts reads the environment',
    findBreaks: inSource(({ path, nodes }) =>
      isIn('src', path) && path !== 'src/config.ts' ? textsOf(nodes, isEnvironment) : [],
    ),
    broken: [
      ['src/app.ts', `const a = process.env.HOME;`],
      ['src/model/a.ts', `const { b } = process['env'];`],
      ['src/model/a.ts', `import { env } from 'node:process';`],
    ],
    kept: [
      ['src/config.ts', `const a = process.env.HOME;`],
      ['src/app.ts', `/** Not process.env. */ const a = process.pid;`],
    ],
  },
  {
    name: 'no code knows the agents',
    findBreaks: inSource(({ path, nodes }) => (isIn('src', path) ? textsOf(nodes, isAgentKnown) : [])),
    broken: [
      ['src/publish/a.ts', `const to = 'security-auditor';`],
      ['src/publish/a.ts', 'const to = `ask the qa-engineer, ${b}`;'],
      ['src/agent/a.ts', `if (name === 'backend-developer') b();`],
      ['src/agent/a.ts', `switch (name) { case 'backend-developer': b(); }`],
    ],
    kept: [['src/policy/a.ts', `const agent = 'backend-developer';`]],
  },
  {
    name: 'a room is small: at most 12 files and 1,500 lines',
    findBreaks: (sources) =>
      roomsIn(sources).flatMap(([room, files]) => [
        ...(files.length > 12 ? [`${room} has ${files.length} files`] : []),
        ...(countLines(files) > 1_500 ? [`${room} has ${countLines(files)} lines`] : []),
      ]),
    broken: [['src/job/a.ts', '\n'.repeat(1_501)]],
    kept: [
      ['src/job/a.ts', '\n'.repeat(1_499)],
      ['src/app.ts', '\n'.repeat(2_000)],
    ],
  },
  {
    name: 'a room opens with a sentence that says what it is for',
    findBreaks: (sources) =>
      roomsIn(sources).flatMap(([room, files]) => {
        const door = files.find(({ path }) => path === `src/${room}/${room === 'toolhost' ? 'main' : 'index'}.ts`);
        return /^(?:#!.*\n)?\/\*\*\s+\*?\s*[A-Z](?:[^*]|\*(?!\/))+\.\s*\*\//u.test(door?.text ?? '')
          ? []
          : [`src/${room}`];
      }),
    broken: [
      ['src/job/index.ts', `export { a } from './a.ts';`],
      ['src/job/index.ts', `/** jobs */\nexport { a } from './a.ts';`],
      ['src/job/a.ts', `/** A room without a door. */`],
    ],
    kept: [['src/job/index.ts', `/** What we promised. */\nexport { a } from './a.ts';`]],
  },
  {
    name: 'the line is at most 120 lines',
    findBreaks: inSource(({ path, text }) =>
      path === 'src/pipeline.ts' && text.split('\n').length > 121 ? ['it is longer'] : [],
    ),
    broken: [['src/pipeline.ts', '\n'.repeat(121)]],
    kept: [['src/pipeline.ts', '\n'.repeat(120)]],
  },
  {
    name: 'names are in kebab-case and say something',
    findBreaks: inSource(({ path }) => path.split('/').filter((part) => !isGoodName(part))),
    broken: [
      ['src/utils/a.ts', ''],
      ['src/job/string-helpers.ts', ''],
      ['src/job/types/a.ts', ''],
      ['src/job/JobManager.ts', ''],
      ['test/common.ts', ''],
    ],
    kept: [
      ['src/job/open-job.ts', ''],
      ['test/e2e/label.test.ts', ''],
    ],
  },
  {
    name: 'tests use the real thing, and none is skipped, empty or alone',
    findBreaks: inSource(({ nodes }) => textsOf(nodes, isTestEscape)),
    broken: [
      ['test/a.test.ts', `vi.mock('x');`],
      ['test/a.test.ts', `const a = vi.fn();`],
      ['test/a.test.ts', `vi.spyOn(a, 'b');`],
      ['test/a.test.ts', `it.skip('a', b);`],
      ['test/a.test.ts', `describe.only('a', b);`],
      ['test/a.test.ts', `it.todo('a');`],
      ['test/a.test.ts', `describe.skipIf(true)('a', b);`],
    ],
    kept: [['test/a.test.ts', `it.each([1])('a', b); only.skip(); 'vi.mock';`]],
  },
  {
    name: 'no check is switched off, and nothing is exported without a name',
    findBreaks: inSource(({ text, nodes }) => [
      ...(text.match(/\/[/*]\s*(?:eslint-disable|@ts-(?:ignore|nocheck|expect-error)|prettier-ignore)/gu) ?? []),
      ...textsOf(nodes, isDefaultExport),
    ]),
    broken: [
      ['src/a.ts', '/' + '/ eslint-disable-next-line no-console\na();'],
      ['src/a.ts', '/' + '* @ts-ignore */ a();'],
      ['src/a.ts', `export default a;`],
      ['src/a.ts', `export default function a() {}`],
      ['src/a.ts', `export { a as default };`],
    ],
    kept: [['src/a.ts', `export { a }; const b = 'eslint-disable';`]],
  },
];

const sources = globSync('{src,test,bench}/**/*.ts', { exclude: (path) => path.includes('fixtures') }).map((path) =>
  toSource(path, readFileSync(path, 'utf8')),
);

describe.each(rules)('$name', ({ findBreaks, broken, kept }) => {
  it('everywhere', () => {
    expect(findBreaks(sources)).toEqual([]);
  });

  it.each(broken)('and not in %s: %j', (path, text) => {
    expect(findBreaks([toSource(path, text)])).not.toEqual([]);
  });

  it.each(kept)('as in %s: %j', (path, text) => {
    expect(findBreaks([toSource(path, text)])).toEqual([]);
  });
});

describe('the map', () => {
  it('counts the files of a room', () => {
    const files = Array.from({ length: 13 }, (_, index) => toSource(`src/job/a${index}.ts`, ''));
    const breaks = rules.flatMap(({ findBreaks }) => findBreaks(files));
    expect(breaks).toContain('job has 13 files');
    expect(rules.flatMap(({ findBreaks }) => findBreaks(files.slice(1)))).not.toContain('job has 12 files');
  });

  it('finds every folder of src in the tables above, and in ARCHITECTURE.md', () => {
    const map = readFileSync('ARCHITECTURE.md', 'utf8');
    const found = roomsIn(sources).map(([room]) => room);
    expect(found.toSorted()).toEqual(
      Object.keys(mayImport)
        .filter((place) => place !== 'top')
        .toSorted(),
    );
    expect(found.filter((room) => !map.includes(`src/${room}/`))).toEqual([]);
  });
});

describe('SECURITY.md', () => {
  const text = readFileSync('SECURITY.md', 'utf8');

  it('proves each line of what it can and cannot do by a test that exists', () => {
    const table = text.slice(text.indexOf('## 3.'), text.indexOf('## 4.'));
    const promises = table.split('\n').filter((line) => /^\| (?!it \|)/u.test(line));
    expect(promises.length).toBeGreaterThan(20);
    expect(promises.filter((line) => !/`test\/[\w./-]+\.ts`/u.test(line))).toEqual([]);
    const named = [...text.matchAll(/`(test\/[^`]+)`/gu)].map(([, path = '']) => path);
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
  });

  it('names only files and pages that exist, and a command that does', () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/gu)].map(([, path = '']) => path);
    expect(links.length).toBeGreaterThan(5);
    expect(links.filter((path) => !existsSync(path))).toEqual([]);
    expect(readFileSync('package.json', 'utf8')).toContain('"backend": "node src/cli/main.ts"');
  });
});

function toSource(path: string, text: string): Source {
  return { path, text, nodes: withChildren(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)) };
}

function withChildren(node: ts.Node): readonly ts.Node[] {
  const nodes: ts.Node[] = [node];
  for (let next = 0; next < nodes.length; next += 1) nodes[next]?.forEachChild((child) => void nodes.push(child));
  return nodes;
}

function inSource(find: (source: Source) => readonly string[]): Rule['findBreaks'] {
  return (all) => all.flatMap((source) => find(source).map((place) => `${source.path}: ${place}`));
}

function textsOf(nodes: readonly ts.Node[], isBreak: (node: ts.Node) => boolean): readonly string[] {
  return nodes.filter(isBreak).map((node) => node.getText().slice(0, 80));
}

/** What a file imports or exports from elsewhere, also by `import()` and `require()`. */
function importsOf(nodes: readonly ts.Node[]): readonly string[] {
  return nodes.flatMap((node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node))
      return node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier) ? [node.moduleSpecifier.text] : [];
    const isCall = ts.isCallExpression(node) && /^(?:import|require)$/u.test(node.expression.getText());
    return isCall ? node.arguments.filter(ts.isStringLiteralLike).map(({ text }) => text) : [];
  });
}

function isIn(folder: string, path: string): boolean {
  return path.startsWith(`${folder}/`);
}

/** The folder of `src` that a file is in, `top` for `src` itself; undefined outside. */
function placeOf(path: string): string | undefined {
  return /^src\/([^/]+)\//u.exec(path)?.[1] ?? (isIn('src', path) ? 'top' : undefined);
}

function roomsIn(all: readonly Source[]): readonly (readonly [room: string, files: readonly Source[]])[] {
  return Object.entries(Object.groupBy(all, ({ path }) => placeOf(path) ?? 'top')).flatMap(([room, files]) =>
    room === 'top' ? [] : [[room, files ?? []] as const],
  );
}

function countLines(files: readonly Source[]): number {
  return files.reduce((sum, { text }) => sum + text.split('\n').length - 1, 0);
}

function isAllowedImport(path: string, name: string): boolean {
  const from = placeOf(path);
  if (from === undefined) return true;
  const target = new URL(name, `file:///${path}`).pathname.slice(1);
  const to = placeOf(target);
  if (to === from) return true;
  return to !== undefined && (mayImport[from] ?? []).includes(to) && (to === 'top' || target === `src/${to}/index.ts`);
}

function isAtHome(path: string, name: string): boolean {
  const from = placeOf(path);
  const homes = Object.entries(packageHomes).find(
    ([home]) => name === home || name.startsWith(home.endsWith('/') ? home : `${home}/`),
  );
  return from === undefined || (homes?.[1].includes(from) ?? false);
}

function isPure(path: string): boolean {
  return [
    'domain',
    'markdown',
    'characters',
    'refusals',
    'proposal',
    'account',
    'leaks',
    'visible',
    ...pureRooms,
  ].includes(placeOf(path) ?? '');
}

function findImpurities(place: string | undefined, nodes: readonly ts.Node[]): readonly string[] {
  const allowed = place === 'domain' ? [] : ['node:crypto', 'node:path'];
  return [
    ...importsOf(nodes).filter((name) => name.startsWith('node:') && !allowed.includes(name)),
    ...textsOf(
      nodes,
      (node) =>
        ts.isIdentifier(node) &&
        /^(?:fetch|process|performance|setTimeout|setInterval|console|random\w*)$/u.test(node.text),
    ),
    ...textsOf(nodes, (node) => ts.isPropertyAccessExpression(node) && /^Date\.now$/u.test(node.getText())),
    ...textsOf(
      nodes,
      (node) => ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length,
    ),
  ];
}

function isEnvironment(node: ts.Node): boolean {
  if (ts.isImportDeclaration(node)) return /['"](?:node:)?process['"]/u.test(node.moduleSpecifier.getText());
  return (
    (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) &&
    /^process(?:\.|\[.)env/u.test(node.getText())
  );
}

/** A teammate in any text, or a comparison with the name of the one agent that is our default. */
function isAgentKnown(node: ts.Node): boolean {
  if (!ts.isStringLiteralLike(node) && !ts.isTemplateHead(node) && !ts.isTemplateMiddleOrTemplateTail(node))
    return false;
  const isCompared = ts.isBinaryExpression(node.parent) || ts.isCaseClause(node.parent);
  return teammates.some((name) => node.text.includes(name)) || (isCompared && node.text === 'backend-developer');
}

function isGoodName(part: string): boolean {
  return (
    /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z]+)*$/u.test(part) &&
    !/(?:^|-)(?:utils?|helpers?|common|shared|misc|managers?)(?=-|\.|$)|^types$/u.test(part)
  );
}

function isTestEscape(node: ts.Node): boolean {
  return (
    ts.isPropertyAccessExpression(node) &&
    /^(?:vi\.(?:mock|doMock|hoisted|fn|spyOn|stub\w+)|(?:it|test|describe|suite)(?:\.\w+)*\.(?:skip|skipIf|runIf|only|todo|fails))$/u.test(
      node.getText(),
    )
  );
}

function isDefaultExport(node: ts.Node): boolean {
  if (ts.isExportAssignment(node)) return true;
  if (ts.isExportSpecifier(node)) return node.name.text === 'default';
  return (
    ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)
  );
}
