import type { TreeEntry } from '../workspace/index.ts';
import { goStack } from './go-stack.ts';
import { nodeStack } from './node-stack.ts';
import { pythonStack } from './python-stack.ts';
import type { Project, ProjectCommands, Stack, StackRow } from './stack.ts';

/** A stack whose frameworks we know by name; its commands have to be named in the repository's settings. */
const nothingToRun = (): ProjectCommands => ({ testFile: () => undefined });

const stackRows: readonly StackRow[] = [
  nodeStack,
  pythonStack,
  goStack,
  {
    name: 'ruby',
    language: 'Ruby',
    manifests: /^Gemfile$/,
    reads: /^Gemfile$/,
    registries: ['rubygems.org', 'index.rubygems.org'],
    registryFiles: /^(Gemfile|\.bundle\/config)$/,
    frameworks: ['rails', 'sinatra'].map((name) => ({ name, pattern: new RegExp(`gem ["']${name}["']`) })),
    testFiles: /(^|\/)(spec|test)\//,
    commands: nothingToRun,
  },
  {
    name: 'java',
    language: 'Java',
    manifests: /^(pom\.xml|build\.gradle(\.kts)?)$/,
    reads: /^(pom\.xml|build\.gradle(\.kts)?)$/,
    // Maven Central by both of its names; Gradle itself, and its plugins, with where they send on to.
    registries: [
      ...['repo.maven.apache.org', 'repo1.maven.org'],
      ...['services.gradle.org', 'downloads.gradle.org', 'plugins.gradle.org', 'plugins-artifacts.gradle.org'],
    ],
    registryFiles:
      /^(pom\.xml|\.mvn\/settings\.xml|(build|settings)\.gradle(\.kts)?|gradle\/wrapper\/gradle-wrapper\.properties)$/,
    frameworks: [{ name: 'spring', pattern: /org\.springframework/ }],
    testFiles: /(^|\/)src\/test\//,
    commands: nothingToRun,
  },
];

/** Folders whose projects are somebody else's, or samples. */
const foreign =
  /(^|\/)(node_modules|vendor|third_party|testdata|fixtures?|__fixtures__|examples?|templates?|\.[^/]+)\//;

/** Projects below the root that are looked at; a larger monorepo names its commands in its settings. */
const maxNested = 8;

/**
 * The projects of a repository, from the names of its files and the texts of its manifests. A project in the root stands for
 * everything below it, unless it has no tests and those below have.
 */
export async function detectStacks(
  files: readonly TreeEntry[],
  readText: (path: string) => Promise<string | undefined>,
): Promise<readonly Stack[]> {
  const paths = files.filter(({ mode }) => mode.startsWith('100')).map(({ path }) => path);
  const found = await Promise.all(stackRows.map((row) => detectRow(row, paths, readText)));
  return found.flat();
}

async function detectRow(
  row: StackRow,
  paths: readonly string[],
  readText: (path: string) => Promise<string | undefined>,
): Promise<readonly Stack[]> {
  const folders = projectFolders(row, paths);
  const open = async (folder: string): Promise<Stack> =>
    openStack(row, await readProject(row, folder, paths, readText));
  const root = folders.includes('') ? await open('') : undefined;
  if (root?.commands.test !== undefined) return [root];
  const below = await Promise.all(folders.filter((folder) => folder !== '').map(open));
  const nested = below.filter(({ commands }) => root === undefined || commands.test !== undefined);
  const isInstalledByRoot = root?.commands.installsNested === true;
  return [...(root ? [root] : []), ...nested.map((stack) => ({ ...stack, isInstalledByRoot }))];
}

/** Shortest first, so that the root leads and a large repository's outermost projects are kept. */
function projectFolders(row: StackRow, paths: readonly string[]): readonly string[] {
  const split = (path: string): [string, string] => {
    const at = path.lastIndexOf('/');
    return at < 0 ? ['', path] : [path.slice(0, at), path.slice(at + 1)];
  };
  const folders = new Set<string>();
  for (const path of paths) {
    const [folder, file] = split(path);
    if (row.manifests.test(file) && !foreign.test(`${folder}/`)) folders.add(folder);
  }
  if (folders.size === 0 && row.name === 'python' && paths.some((path) => path.endsWith('.py'))) folders.add('');
  const depth = (folder: string): number => (folder === '' ? 0 : folder.split('/').length);
  return [...folders].sort((one, other) => depth(one) - depth(other)).slice(0, maxNested);
}

async function readProject(
  row: StackRow,
  folder: string,
  paths: readonly string[],
  readText: (path: string) => Promise<string | undefined>,
): Promise<Project> {
  const prefix = folder === '' ? '' : `${folder}/`;
  const own = paths.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
  const read = async (wanted: RegExp): Promise<ReadonlyMap<string, string>> => {
    const found = own.filter((path) => wanted.test(path)).sort();
    return new Map(
      await Promise.all(found.map(async (path) => [path, (await readText(prefix + path)) ?? ''] as const)),
    );
  };
  const [texts, registryTexts] = await Promise.all([read(row.reads), read(row.registryFiles)]);
  return { folder, files: new Set(own), texts, registryTexts };
}

/** Hosts in the addresses of these texts, in lower case, each with the first path that has it. */
function namedIn({ folder, registryTexts }: Project): ReadonlyMap<string, string> {
  const named = new Map<string, string>();
  for (const [path, text] of registryTexts)
    for (const [, host = ''] of text.matchAll(/https?:\/\/(?:[^\s/@"'<>]{0,200}@)?([a-z0-9.-]{1,253})/gi))
      if (!named.has(host.toLowerCase())) named.set(host.toLowerCase(), folder === '' ? path : `${folder}/${path}`);
  return named;
}

function openStack(row: StackRow, project: Project): Stack {
  const texts = [...project.texts.values()].join('\n');
  return {
    name: row.name,
    language: row.language,
    folder: project.folder,
    frameworks: row.frameworks.filter(({ pattern }) => pattern.test(texts)).map(({ name }) => name),
    registries: row.registries,
    namedRegistries: namedIn(project),
    commands: row.commands(project),
    isInstalledByRoot: false,
    isTestFile: (path) => row.testFiles.test(path),
  };
}
