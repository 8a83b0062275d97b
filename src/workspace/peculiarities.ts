import { type TreeEntry } from '../git/index.ts';

/** Names given per sentence; more would bury the rest of what a reader needs to know. */
const maxNamed = 5;

/** `.gitattributes` files read; a repository with more keeps its LFS rules in the first ones, by depth. */
const maxAttributeFiles = 20;

/** What is unusual in a repository, one sentence each: the names and modes of its files say nearly everything, blobs stay unread. */
export async function readPeculiarities(
  files: readonly TreeEntry[],
  readText: (path: string) => Promise<string | undefined>,
): Promise<readonly string[]> {
  const lfs = await lfsPatterns(files, readText);
  return [
    name(submodules(files), (some) => `Submodules are not checked out, their folders are empty: ${some}.`),
    name(lfs, (some) => `Files kept in Git LFS are checked out as pointers, without their contents: ${some}.`),
    name(links(files), (some) => `Symbolic links: ${some}.`),
    name(collisions(files), (some) => `Paths that differ only in case: ${some}.`),
    name(
      notUtf8(files),
      (some) => `Names that are not UTF-8 can't be changed by us (\uFFFD stands for the odd bytes): ${some}.`,
    ),
  ].filter((sentence) => sentence !== undefined);
}

function name(paths: readonly string[], sentence: (some: string) => string): string | undefined {
  if (paths.length === 0) return undefined;
  const some = paths.slice(0, maxNamed).map((path) => `\`${path}\``);
  const rest = paths.length - some.length;
  return sentence(rest > 0 ? `${some.join(', ')} and ${String(rest)} more` : some.join(', '));
}

function submodules(files: readonly TreeEntry[]): readonly string[] {
  return files.filter(({ mode }) => mode === '160000').map(({ path }) => path);
}

function links(files: readonly TreeEntry[]): readonly string[] {
  return files.filter(({ mode }) => mode === '120000').map(({ path }) => path);
}

function notUtf8(files: readonly TreeEntry[]): readonly string[] {
  return files.filter(({ path }) => path.includes('\uFFFD')).map(({ path }) => path);
}

/** Paths, folders included, that a file system which ignores case would take for one another. */
function collisions(files: readonly TreeEntry[]): readonly string[] {
  const paths = new Set(files.flatMap(({ path }) => [path, ...folders(path)]));
  const spellings = Map.groupBy(paths, (path) => path.toLowerCase());
  return [...spellings.values()].filter((same) => same.length > 1).flat();
}

function folders(path: string): readonly string[] {
  return [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index));
}

async function lfsPatterns(
  files: readonly TreeEntry[],
  readText: (path: string) => Promise<string | undefined>,
): Promise<readonly string[]> {
  const depth = (path: string): number => path.split('/').length;
  const paths = files
    .map(({ path }) => path)
    .filter((path) => /(^|\/)\.gitattributes$/.test(path))
    .sort((one, other) => depth(one) - depth(other))
    .slice(0, maxAttributeFiles);
  const texts = await Promise.all(paths.map(async (path) => (await readText(path)) ?? ''));
  return texts.flatMap((text, index) => lfsRules(text, (paths[index] ?? '').replace(/\.gitattributes$/, '')));
}

function lfsRules(text: string, folder: string): readonly string[] {
  const rules = text.split('\n').map((line) => line.trim().split(/\s+/));
  return rules
    .filter(([pattern = '#', ...attributes]) => !pattern.startsWith('#') && attributes.includes('filter=lfs'))
    .map(([pattern = '']) => folder + pattern);
}
