import { z } from 'zod';
import type { Project, ProjectCommands, StackRow } from './stack.ts';
import { quote } from './stack.ts';

/** Node.js with npm, pnpm or yarn; its scripts are the checks. */
export const nodeStack: StackRow = {
  name: 'node',
  language: 'JavaScript',
  manifests: /^package\.json$/,
  reads: /^package\.json$/,
  // Corepack fetches pnpm and old yarns from npm's registry, newer yarns from repo.yarnpkg.com; node-gyp fetches Node's headers from nodejs.org.
  registries: ['registry.npmjs.org', 'registry.yarnpkg.com', 'repo.yarnpkg.com', 'nodejs.org'],
  registryFiles: /^(\.npmrc|\.yarnrc|\.yarnrc\.yml|\.pnpmfile\.cjs|bunfig\.toml)$/,
  frameworks: [
    { name: 'express', pattern: /"express"\s*:/ },
    { name: 'fastify', pattern: /"fastify"\s*:/ },
    { name: 'nestjs', pattern: /"@nestjs\/core"\s*:/ },
  ],
  testFiles:
    /(^|\/)(__tests__|__mocks__|__fixtures__|tests?|spec)\/|[._-](test|spec)\.[cm]?[jt]sx?$|(^|\/)test-[^/]*\.[cm]?[jt]s$/,
  commands: nodeCommands,
};

const names = z.record(z.string(), z.unknown()).default({}).catch({});

/** A manifest is the repository's: whatever part of it is malformed counts as absent. */
const manifestSchema = z.object({
  scripts: z.record(z.string(), z.string()).default({}).catch({}),
  dependencies: names,
  devDependencies: names,
  optionalDependencies: names,
  packageManager: z.string().default('').catch(''),
  workspaces: z.unknown().optional(),
});
type Manifest = z.infer<typeof manifestSchema>;

function nodeCommands(project: Project): ProjectCommands {
  const manifest = readManifest(project.texts.get('package.json') ?? '');
  const packages = managerOf(project, manifest);
  const { scripts } = manifest;
  const test = scripts['test'];
  const types = ['typecheck', 'type-check', 'check-types', 'types', 'tsc'].find((name) => name in scripts);
  const run = (name: string): string =>
    packages.name === 'npm' && name === 'test' ? 'npm test' : `${packages.run} ${name}`;
  const hasPackages = packagesOf(manifest).size > 0 || manifest.workspaces !== undefined;
  return {
    ...(hasPackages && { install: packages.install }),
    ...(types !== undefined && { types: run(types) }),
    ...('lint' in scripts && { lint: run('lint') }),
    ...(test !== undefined && !isPlaceholder(test) && { test: run('test') }),
    installsNested: manifest.workspaces !== undefined || project.files.has('pnpm-workspace.yaml'),
    testFile: (path, text) => testFileCommand(manifest, path, text),
  };
}

function readManifest(text: string): Manifest {
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch {
    return manifestSchema.parse({});
  }
}

/** What `npm init` writes when nobody names a test. */
function isPlaceholder(script: string): boolean {
  return script.trim() === '' || /no test specified/i.test(script);
}

function packagesOf(manifest: Manifest): ReadonlySet<string> {
  const { dependencies, devDependencies, optionalDependencies } = manifest;
  return new Set([dependencies, devDependencies, optionalDependencies].flatMap((some) => Object.keys(some)));
}

interface PackageManager {
  readonly name: string;
  readonly lockfiles: readonly string[];
  readonly install: string;
  /** Runs a script of the manifest; its name follows. */
  readonly run: string;
}

/** The first with its lockfile in the project wins; npm without a lockfile writes none, so that it doesn't become part of the change. */
const packageManagers: readonly PackageManager[] = [
  {
    name: 'pnpm',
    lockfiles: ['pnpm-lock.yaml'],
    install: 'corepack pnpm install --frozen-lockfile',
    run: 'corepack pnpm run',
  },
  { name: 'yarn', lockfiles: ['yarn.lock'], install: 'corepack yarn install', run: 'corepack yarn run' },
  {
    name: 'npm',
    lockfiles: ['package-lock.json', 'npm-shrinkwrap.json'],
    install: 'npm ci --no-audit --no-fund',
    run: 'npm run',
  },
];
const npmWithoutLockfile: PackageManager = {
  name: 'npm',
  lockfiles: [],
  install: 'npm install --no-audit --no-fund --no-package-lock',
  run: 'npm run',
};

function managerOf(project: Project, manifest: Manifest): PackageManager {
  const locked = packageManagers.find(({ lockfiles }) => lockfiles.some((file) => project.files.has(file)));
  const named = packageManagers.find(({ name }) => name !== 'npm' && manifest.packageManager.startsWith(`${name}@`));
  return named ?? locked ?? npmWithoutLockfile;
}

interface Runner {
  readonly package: string;
  readonly command: string;
}

const runners: readonly Runner[] = [
  { package: 'vitest', command: 'npx --no-install vitest run' },
  { package: 'jest', command: 'npx --no-install jest --runTestsByPath' },
  { package: 'mocha', command: 'npx --no-install mocha' },
  { package: 'ava', command: 'npx --no-install ava' },
];

function testFileCommand(manifest: Manifest, path: string, text: string): string | undefined {
  if (!/\.[cm]?[jt]sx?$/.test(path) || !/\b(describe|it|test|suite)\b[\w.]*\s*[(`]/.test(text)) return undefined;
  const script = manifest.scripts['test'] ?? '';
  const installed = packagesOf(manifest);
  if (/['"]node:test['"]/.test(text)) return `${nodeTest(script)} ${quote(path)}`;
  const inScript = runners.find((runner) => new RegExp(`\\b${runner.package}\\b`).test(script));
  const runner = inScript ?? runners.find((known) => installed.has(known.package));
  return runner && `${runner.command} ${quote(path)}`;
}

/** `node --test` with the options that the repository's own script gives it (a loader, for example), its paths left out. */
function nodeTest(script: string): string {
  const words = /\bnode\s+([^&|;]*--test\b[^&|;]*)/.exec(script)?.[1]?.trim().split(/\s+/) ?? [];
  const takesValue = new Set([
    '--import',
    '--require',
    '-r',
    '--loader',
    '--experimental-loader',
    '-C',
    '--conditions',
  ]);
  const options = words.filter((word, at) => word.startsWith('-') || takesValue.has(words[at - 1] ?? ''));
  const kept = options.filter((word) => word !== '--test' && /^[\w./@=:-]+$/.test(word));
  return ['node', ...kept, '--test'].join(' ');
}
