import type { Project, ProjectCommands, StackRow } from './stack.ts';
import { quote } from './stack.ts';

/** Python with pip, uv or poetry; unittest, pytest or Django's runner. Packages live in the box's home, outside the tree. */
export const pythonStack: StackRow = {
  name: 'python',
  language: 'Python',
  manifests: /^(requirements[\w.-]*\.txt|pyproject\.toml|setup\.(py|cfg)|Pipfile|manage\.py|uv\.lock|poetry\.lock)$/,
  reads:
    /^(requirements[\w.-]*\.txt|[\w.-]+-requirements\.txt|requirements\/[\w.-]+\.txt|pyproject\.toml|setup\.(py|cfg)|tox\.ini|mypy\.ini)$/,
  registries: ['pypi.org', 'files.pythonhosted.org'],
  registryFiles:
    /^(\.?pip\.conf|\.pip\/pip\.conf|uv\.toml|poetry\.toml|pyproject\.toml|Pipfile|(requirements\/)?[\w.-]*requirements[\w.-]*\.txt)$/,
  frameworks: ['fastapi', 'django', 'flask'].map((name) => ({
    name,
    pattern: new RegExp(`(^|["'\\s])${name}(\\[[\\w,]*\\])?\\s*($|["'=<>~!,;#])`, 'im'),
  })),
  testFiles: /(^|\/)(tests?|testing)\/|(^|\/)(test_[^/]*|[^/]*_test|tests|conftest)\.py$/,
  commands: pythonCommands,
};

function pythonCommands(project: Project): ProjectCommands {
  const packages = [...project.texts.values()].join('\n');
  const install = installCommand(project);
  const python = install === undefined ? 'python3' : '. "$HOME/venv/bin/activate" && python3';
  const runner = runnerOf(project, packages);
  const uses = (tool: string): boolean => new RegExp(`(^|["'\\s])${tool}\\b`, 'm').test(packages);
  return {
    ...(install !== undefined && { install }),
    ...(install !== undefined && uses('mypy') && { types: `${python} -m mypy .` }),
    ...(install !== undefined && lintCommand(python, uses)),
    ...(runner && { test: `${python} ${runner.all}` }),
    testFile: (path, text) => {
      const hasTests = path.endsWith('.py') && /^\s*(async\s+)?(def\s+test|class\s+\w*Test)/m.test(text);
      return hasTests && runner ? `${python} ${runner.one(path)}` : undefined;
    },
  };
}

function lintCommand(python: string, uses: (tool: string) => boolean): { lint?: string } {
  if (uses('ruff')) return { lint: `${python} -m ruff check .` };
  return uses('flake8') ? { lint: `${python} -m flake8` } : {};
}

interface Runner {
  readonly all: string;
  one(path: string): string;
}

/** Django's own runner when the repository has a `manage.py`, pytest where it is set up or required, otherwise the standard library's. */
function runnerOf(project: Project, packages: string): Runner | undefined {
  const configured = /\[(tool\.pytest|tool:pytest|pytest\])/.test(packages);
  const usesPytest =
    configured ||
    project.files.has('pytest.ini') ||
    /(^|["'\s])pytest\b/m.test(packages) ||
    [...project.files].some((file) => /(^|\/)conftest\.py$/.test(file));
  if (usesPytest) return { all: '-m pytest -q', one: (path) => `-m pytest -q ${quote(path)}` };
  if (project.files.has('manage.py'))
    return { all: 'manage.py test', one: (path) => `manage.py test ${moduleOf(path)}` };
  const tests = [...project.files].filter((file) => /(^|\/)test[^/]*\.py$/.test(file));
  if (tests.length === 0) return undefined;
  return { all: `-m unittest discover${startFolder(project, tests)}`, one: (path) => `-m unittest ${quote(path)}` };
}

/** Discovery enters packages only: a test folder without `__init__.py` has to be named. */
function startFolder(project: Project, tests: readonly string[]): string {
  const folder = ['tests', 'test'].find((name) => tests.some((file) => file.startsWith(`${name}/`)));
  return folder === undefined || project.files.has(`${folder}/__init__.py`) ? '' : ` -s ${folder}`;
}

function moduleOf(path: string): string {
  return quote(path.replace(/\.py$/, '').replaceAll('/', '.'));
}

const makeVenv = 'python3 -m venv "$HOME/venv" && . "$HOME/venv/bin/activate"';

/** The first way that the project's files call for; undefined when it needs no packages. */
function installCommand(project: Project): string | undefined {
  const pyproject = project.texts.get('pyproject.toml') ?? '';
  if (project.files.has('uv.lock'))
    return `${makeVenv} && pip install -q uv && UV_PROJECT_ENVIRONMENT="$VIRTUAL_ENV" uv sync --frozen --inexact`;
  if (project.files.has('poetry.lock') || pyproject.includes('[tool.poetry'))
    return `${makeVenv} && pip install -q poetry && poetry install --no-interaction`;
  const requirements = [...project.texts].filter(([path, text]) => /\.txt$/.test(path) && /^\s*[^#\s]/m.test(text));
  const wanted = [...requirements.map(([path]) => `-r ${quote(path)}`), ...ownPackage(project, pyproject)];
  return wanted.length === 0 ? undefined : `${makeVenv} && pip install -q ${wanted.join(' ')}`;
}

/** The project itself, editable so that tests see its files, with the extras that tests and checks usually need. */
function ownPackage(project: Project, pyproject: string): string[] {
  const needs = /^\s*dependencies\s*=\s*\[\s*["']/m.test(pyproject) || project.files.has('setup.py');
  const table = /\[project\.optional-dependencies\]([^[]*(?:\[(?![a-z])[^[]*)*)/.exec(pyproject)?.[1] ?? '';
  const extras = ['dev', 'test', 'tests', 'testing'].filter((name) => new RegExp(`^\\s*${name}\\s*=`, 'm').test(table));
  if (extras.length > 0) return [`-e '.[${extras.join(',')}]'`];
  return needs ? ['-e .'] : [];
}
