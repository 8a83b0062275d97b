import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { detectStacks, planChecks } from '../../src/verify/index.ts';
import type { CheckPlan } from '../../src/verify/index.ts';
import { fixtureFiles } from './fixture.ts';

type Files = Readonly<Record<string, string>>;

/** What a plan looks like for a repository with these files and nothing in its settings. */
async function planFor(files: Files, over: Partial<Parameters<typeof planChecks>[0]> = {}): Promise<CheckPlan> {
  const entries = Object.entries(files).map(
    ([path, text]) => ({ path, mode: '100644', sha: '0'.repeat(40), size: text.length }) as const,
  );
  const stacks = await detectStacks(entries, async (path) => files[path]);
  return planChecks({ checks: {}, allowedHosts: [], ...over }, stacks);
}

const manifest = (content: object): string => JSON.stringify(content);
const lines = (plan: CheckPlan): string[] => plan.checks.map(({ name, command }) => `${name}: ${command}`);

describe('the checks found in a repository', () => {
  it.each<[string, Files, string | undefined, string[]]>([
    [
      'a Node repository without packages',
      fixtureFiles('node-orders'),
      undefined,
      ['lint: npm run lint', 'test: npm test'],
    ],
    [
      'a Python repository without packages',
      fixtureFiles('python-inventory'),
      undefined,
      ['test: python3 -m unittest discover'],
    ],
    [
      'a Go repository without modules',
      fixtureFiles('go-shortener'),
      undefined,
      ['lint: go vet ./...', 'test: go test ./...'],
    ],
    [
      'npm with a lockfile and type checks',
      {
        'package.json': manifest({ scripts: { test: 'vitest', typecheck: 'tsc' }, devDependencies: { vitest: '1' } }),
        'package-lock.json': '{}',
      },
      'npm ci --no-audit --no-fund',
      ['types: npm run typecheck', 'test: npm test'],
    ],
    [
      'npm without a lockfile',
      { 'package.json': manifest({ scripts: { test: 'mocha' }, devDependencies: { mocha: '1' } }) },
      'npm install --no-audit --no-fund --no-package-lock',
      ['test: npm test'],
    ],
    [
      'pnpm',
      {
        'package.json': manifest({ scripts: { test: 'jest', lint: 'eslint .' }, dependencies: { a: '1' } }),
        'pnpm-lock.yaml': '',
      },
      'corepack pnpm install --frozen-lockfile',
      ['lint: corepack pnpm run lint', 'test: corepack pnpm run test'],
    ],
    [
      'yarn, named by the manifest',
      {
        'package.json': manifest({ packageManager: 'yarn@4.1.0', scripts: { test: 'jest' }, dependencies: { a: '1' } }),
      },
      'corepack yarn install',
      ['test: corepack yarn run test'],
    ],
    [
      'the test that npm init writes',
      { 'package.json': manifest({ scripts: { test: 'echo "Error: no test specified" && exit 1' } }) },
      undefined,
      [],
    ],
    ['a manifest that is not JSON', { 'package.json': '{ nonsense' }, undefined, []],
    [
      'pip and pytest',
      {
        'requirements.txt': '# none\nfastapi==0.110\n',
        'requirements-dev.txt': 'pytest\nruff\nmypy\n',
        'tests/test_a.py': '',
      },
      'python3 -m venv "$HOME/venv" && . "$HOME/venv/bin/activate" && pip install -q -r requirements-dev.txt -r requirements.txt',
      [
        'types: . "$HOME/venv/bin/activate" && python3 -m mypy .',
        'lint: . "$HOME/venv/bin/activate" && python3 -m ruff check .',
        'test: . "$HOME/venv/bin/activate" && python3 -m pytest -q',
      ],
    ],
    [
      'uv',
      { 'pyproject.toml': '[project]\ndependencies = ["flask>=3"]\n[tool.pytest.ini_options]\n', 'uv.lock': '' },
      'python3 -m venv "$HOME/venv" && . "$HOME/venv/bin/activate" && pip install -q uv && UV_PROJECT_ENVIRONMENT="$VIRTUAL_ENV" uv sync --frozen --inexact',
      ['test: . "$HOME/venv/bin/activate" && python3 -m pytest -q'],
    ],
    [
      'poetry',
      { 'pyproject.toml': '[tool.poetry]\n[tool.poetry.dependencies]\ndjango = "^5"\n', 'manage.py': '' },
      'python3 -m venv "$HOME/venv" && . "$HOME/venv/bin/activate" && pip install -q poetry && poetry install --no-interaction',
      ['test: . "$HOME/venv/bin/activate" && python3 manage.py test'],
    ],
    [
      'a Python project with an extra for its tests',
      {
        'pyproject.toml':
          '[project]\ndependencies = [\n  "flask",\n]\n[project.optional-dependencies]\ntest = ["pytest"]\n',
      },
      `python3 -m venv "$HOME/venv" && . "$HOME/venv/bin/activate" && pip install -q -e '.[test]'`,
      ['test: . "$HOME/venv/bin/activate" && python3 -m pytest -q'],
    ],
    [
      'Python files without any manifest, tests in a folder that is no package',
      { 'app.py': '', 'tests/test_app.py': '' },
      undefined,
      ['test: python3 -m unittest discover -s tests'],
    ],
    [
      'Go with modules',
      { 'go.mod': 'module a\n\nrequire github.com/go-chi/chi/v5 v5.0.0\n', 'a_test.go': '' },
      'go mod download',
      ['lint: go vet ./...', 'test: go test ./...'],
    ],
    [
      'Go with modules in the repository',
      { 'go.mod': 'module a\nrequire b v1\n', 'vendor/modules.txt': '', 'a.go': '' },
      undefined,
      ['lint: go vet ./...'],
    ],
    [
      'several projects below a root that has none',
      {
        'api/package.json': manifest({ scripts: { test: 'jest' }, dependencies: { jest: '1' } }),
        "services/it's here/go.mod": 'module a\n',
        "services/it's here/a_test.go": '',
        'examples/package.json': manifest({ scripts: { test: 'jest' } }),
      },
      '(cd api && npm install --no-audit --no-fund --no-package-lock)',
      [
        String.raw`lint: (cd 'services/it'\''s here' && go vet ./...)`,
        'test: (cd api && npm test)',
        String.raw`test: (cd 'services/it'\''s here' && go test ./...)`,
      ],
    ],
    [
      'a workspace whose root installs for all and tests nothing',
      {
        'package.json': manifest({ workspaces: ['packages/*'] }),
        'package-lock.json': '{}',
        'packages/a/package.json': manifest({ scripts: { test: 'jest' }, dependencies: { b: '1' } }),
      },
      'npm ci --no-audit --no-fund',
      ['test: (cd packages/a && npm test)'],
    ],
    ['a repository of documents', { 'README.md': '# Hello' }, undefined, []],
  ])('for %s', async (_what, files, setup, checks) => {
    const plan = await planFor(files);
    expect(plan.setup).toBe(setup);
    expect(lines(plan)).toEqual(checks);
  });

  it('give way to the commands that the settings name, one by one', async () => {
    const checks = { test: 'make test', lint: '' };
    const plan = await planFor(fixtureFiles('node-orders'), {
      setup: 'make deps',
      checks,
      allowedHosts: ['example.com'],
    });
    expect(plan.setup).toBe('make deps');
    expect(lines(plan)).toEqual(['test: make test']);
    expect(plan.allowedHosts).toEqual(expect.arrayContaining(['registry.npmjs.org', 'example.com']));
  });

  it('leave the install step out when the settings say so', async () => {
    const plan = await planFor({ 'go.mod': 'require a v1' }, { setup: '' });
    expect(plan).not.toHaveProperty('setup');
  });
});

/** The table of docs/configuration.md: what a manifest opens. */
const documented = readFileSync(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, manifests, hosts] = /^\| (`[^|]+`) \| [^|]+ \| ((?:`[a-z0-9.-]+`(?:, )?)+) \|/.exec(line) ?? [];
    const words = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
    return manifests === undefined || hosts === undefined ? [] : [[words(manifests), words(hosts)] as const];
  });

describe('the registries that the install step may reach', () => {
  it.each(documented)('for %j are %j, as the documentation says', async (manifests, hosts) => {
    for (const name of manifests) expect((await planFor({ [name]: '' })).allowedHosts).toEqual(hosts);
  });

  it('are documented for every stack there is', async () => {
    const all = { 'package.json': '{}', 'setup.py': '', 'go.mod': '', Gemfile: '', 'pom.xml': '' };
    const { allowedHosts, stackNames } = await planFor(all);
    expect(new Set(documented.flatMap(([, hosts]) => hosts))).toEqual(new Set(allowedHosts));
    expect(documented).toHaveLength(stackNames.length);
  });

  it.each<[string, Files]>([
    ['npm and node-gyp', { 'package.json': '{}', at: 'registry.npmjs.org nodejs.org' }],
    [
      'yarn, old and new, by corepack',
      { 'package.json': '{}', at: 'registry.yarnpkg.com repo.yarnpkg.com registry.npmjs.org' },
    ],
    ['pnpm by corepack', { 'package.json': '{}', 'pnpm-lock.yaml': '', at: 'registry.npmjs.org' }],
    ['pip', { 'requirements.txt': '', at: 'pypi.org files.pythonhosted.org' }],
    ['uv', { 'uv.lock': '', at: 'pypi.org files.pythonhosted.org' }],
    ['poetry', { 'poetry.lock': '', at: 'pypi.org files.pythonhosted.org' }],
    ['Go', { 'go.mod': '', at: 'proxy.golang.org sum.golang.org' }],
    ['Bundler', { Gemfile: '', at: 'index.rubygems.org rubygems.org' }],
    ['Maven', { 'pom.xml': '', at: 'repo.maven.apache.org repo1.maven.org' }],
    [
      'Gradle',
      {
        'build.gradle.kts': '',
        at: 'services.gradle.org downloads.gradle.org plugins.gradle.org repo.maven.apache.org',
      },
    ],
  ])('have what %s needs', async (_what, { at = '', ...files }) => {
    expect((await planFor(files)).allowedHosts).toEqual(expect.arrayContaining(at.split(' ')));
  });

  it.each<[string, string]>([
    ['github.com', 'package.json'],
    ['codeload.github.com', 'package.json'],
    ['storage.googleapis.com', 'go.mod'],
    ['raw.githubusercontent.com', 'pom.xml'],
  ])('never have %s, where anybody can keep things', async (host, manifest) => {
    const { allowedHosts } = await planFor({ [manifest]: '' });
    expect(allowedHosts).not.toContain(host);
    expect(allowedHosts.length).toBeGreaterThan(1);
  });

  it.each<[string, string, string, string]>([
    ['npm', 'package.json', '.npmrc', '@acme:registry=https://NPM.acme.example.com/a\n'],
    ['yarn', 'package.json', '.yarnrc.yml', 'npmRegistryServer: "https://npm.acme.example.com"\n'],
    ['pip', 'requirements.txt', 'pip.conf', '[global]\nindex-url = https://ada:pw@npm.acme.example.com/simple\n'],
    ['pip in its requirements', 'setup.py', 'requirements.txt', '--extra-index-url http://npm.acme.example.com\na\n'],
    ['uv', 'setup.py', 'uv.toml', '[[index]]\nurl = "https://npm.acme.example.com/simple"\n'],
    ['Maven', 'pom.xml', '.mvn/settings.xml', '<url>https://npm.acme.example.com:8443/a</url>'],
    ['Gradle', 'build.gradle', 'settings.gradle', 'maven { url = "https://npm.acme.example.com/a" }'],
    ['Bundler', 'Gemfile', '.bundle/config', 'BUNDLE_MIRROR__ALL: "https://npm.acme.example.com"'],
  ])('are not those that a repository names for %s: they are only known by their file', async (...args) => {
    const [, manifest, path, text] = args;
    for (const folder of ['', 'api/']) {
      const plan = await planFor({ [folder + manifest]: '', [folder + path]: text });
      expect(plan.allowedHosts.filter((host) => host.includes('acme'))).toEqual([]);
      expect(plan.namedRegistries?.get('npm.acme.example.com')).toBe(folder + path);
    }
  });
});

describe('frameworks', () => {
  const node = (name: string): Files => ({ 'package.json': manifest({ dependencies: { [name]: '1' } }) });
  it.each<[string, Files, string[]]>([
    ['express', node('express'), ['node', 'express']],
    ['fastify', node('fastify'), ['node', 'fastify']],
    ['nestjs', node('@nestjs/core'), ['node', 'nestjs']],
    ['a package that only begins like express', node('express-like'), ['node']],
    ['fastapi', { 'requirements.txt': 'fastapi[all]>=0.1' }, ['python', 'fastapi']],
    ['django', { 'requirements.txt': 'Django==5.0' }, ['python', 'django']],
    ['flask, not its extensions', { 'requirements.txt': 'flask-cors\nflask' }, ['python', 'flask']],
    ['an extension of flask alone', { 'requirements.txt': 'flask-cors' }, ['python']],
    ['gin', { 'go.mod': 'require github.com/gin-gonic/gin v1' }, ['go', 'gin']],
    ['echo', { 'go.mod': 'require github.com/labstack/echo/v4 v4' }, ['go', 'echo']],
    ['chi', { 'go.mod': 'require github.com/go-chi/chi/v5 v5' }, ['go', 'chi']],
    ['rails', { Gemfile: 'gem "rails"' }, ['ruby', 'rails']],
    ['spring', { 'pom.xml': '<groupId>org.springframework.boot</groupId>' }, ['java', 'spring']],
  ])('%s is known by its manifest', async (_name, files, names) => {
    expect((await planFor(files)).stackNames).toEqual(names);
  });
});

describe('the command for one test file', () => {
  const jsTest = "import { test } from 'vitest';\ntest('adds', () => {});";
  const nodeTest = "import { test } from 'node:test';\ntest('adds', () => {});";
  const withScript = (test: string, devDependencies = {}): Files => ({
    'package.json': manifest({ scripts: { test }, devDependencies }),
  });
  it.each<[string, Files, string, string, string | undefined]>([
    ['vitest', withScript('vitest run'), 'src/a.test.ts', jsTest, 'npx --no-install vitest run src/a.test.ts'],
    [
      'jest',
      withScript('make', { jest: '1' }),
      'a.test.js',
      "it('a', f)",
      'npx --no-install jest --runTestsByPath a.test.js',
    ],
    ['mocha', withScript('nyc mocha'), 'test/a.js', "describe('a', f)", 'npx --no-install mocha test/a.js'],
    ['node:test', withScript('node --test test/*.js'), 'test/a.js', nodeTest, 'node --test test/a.js'],
    [
      'node:test with a loader',
      withScript('NODE_ENV=test node --import tsx --test --test-concurrency=1 "test/**" && echo'),
      'test/a.ts',
      nodeTest,
      'node --import tsx --test-concurrency=1 --test test/a.ts',
    ],
    ['an unknown runner', withScript('run-all'), 'a.test.js', "it('a', f)", undefined],
    ['a file without tests', withScript('jest'), 'test/support.js', 'export const a = 1;', undefined],
    ['a fixture', withScript('jest'), 'test/a.json', '{"test": "(1)"}', undefined],
    [
      'a name with a space and a quote',
      withScript('jest'),
      "it's a.test.js",
      "it('a', f)",
      String.raw`npx --no-install jest --runTestsByPath 'it'\''s a.test.js'`,
    ],
    [
      'a name like an option',
      withScript('jest'),
      '--run=x.test.js',
      "it('a', f)",
      "npx --no-install jest --runTestsByPath './--run=x.test.js'",
    ],
    [
      'unittest',
      { 'test_a.py': '' },
      'test_a.py',
      'class ATest:\n  def test_a(self):',
      'python3 -m unittest test_a.py',
    ],
    [
      'pytest',
      { 'pytest.ini': '', 'setup.cfg': '' },
      'tests/test_a.py',
      'def test_a():',
      'python3 -m pytest -q tests/test_a.py',
    ],
    ['django', { 'manage.py': '' }, 'shop/tests.py', 'class ATest:', 'python3 manage.py test shop.tests'],
    ['a Python file without tests', { 'test_a.py': '' }, 'tests/client.py', 'class Client:', undefined],
    [
      'go',
      { 'go.mod': 'module a' },
      'shop/cart_test.go',
      'func TestMain(m *testing.M) {}\nfunc TestAdd(t *testing.T) {}\nfunc helper() {}\nfunc ExampleCart() {}\n',
      "go test -count=1 ./shop -run '^(TestAdd|ExampleCart)$'",
    ],
    [
      'go in a nested module',
      { 'api/go.mod': 'module a' },
      'api/a_test.go',
      'func TestA(t) {}',
      "(cd api && go test -count=1 . -run '^(TestA)$')",
    ],
  ])('%s', async (...[, files, path, text, command]) => {
    expect((await planFor(files)).testFileCommand(path, text)).toBe(command);
  });

  it.each([
    ['node-orders', 'test/support/service.js', true],
    ['node-orders', 'src/latest.js', false],
    ['node-orders', 'src/orders.spec.ts', true],
    ['python-inventory', 'tests/client.py', true],
    ['python-inventory', 'inventory/contest.py', false],
    ['go-shortener', 'shortener/testdata/a.json', true],
    ['go-shortener', 'shortener/handler.go', false],
  ])('in %s, %s belongs to tests: %s', async (name, path, belongs) => {
    expect((await planFor(fixtureFiles(name))).isTestFile(path)).toBe(belongs);
  });
});
