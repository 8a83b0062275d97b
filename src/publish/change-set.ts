import { posix } from 'node:path';
import { BotError, type Change, type ChangeSet } from '../domain/index.ts';
import type { PublishedFacts } from '../account/index.ts';
import { findDisguises, hasHidden, type Disguises } from '../characters/index.ts';

export interface CheckedChanges extends PublishedFacts {
  /** What will be published. */
  readonly changes: ChangeSet;
}

type Put = Extract<Change, { readonly type: 'put' }>;

const limits = { files: 300, bytes: 5 * 1024 * 1024, pathBytes: 1024 } as const;

/** The text of a file of the base commit, where there is one that can be read. */
export type TextsBefore = ReadonlyMap<string, string | undefined>;

/**
 * Looks at the structure of what an agent left behind before any of it reaches GitHub. Pure.
 * Throws `change-set-refused` naming every path that cannot be published and why.
 */
export function checkChangeSet(
  changeSet: ChangeSet,
  morePatterns: readonly string[],
  before: TextsBefore = new Map(),
): CheckedChanges {
  const problems = [...sizeProblems(changeSet), ...changeSet.flatMap(pathProblems), ...nameProblems(changeSet)];
  const puts = changeSet.filter((change) => change.type === 'put');
  problems.push(...puts.flatMap(linkProblems), ...puts.flatMap(pointerProblems));
  const leftOut = changeSet.map(({ path }) => path).filter(isWorkflow);
  const changes = changeSet.filter(({ path }) => !isWorkflow(path));
  if (changes.length === 0) problems.push('nothing is left to publish without its workflow files');
  if (problems.length > 0) {
    throw new BotError('change-set-refused', `The change cannot be published: ${problems.slice(0, 20).join('; ')}.`);
  }
  const disguises = new Map(puts.map((put) => [put.path, disguisesOf(put, before)]));
  const protectedPaths = changes
    .map(({ path }) => path)
    .filter((path) => isProtected(path, morePatterns) || disguises.get(path)?.isBlocked === true);
  const remarks = puts.flatMap((put) => remarksAbout(put, disguises.get(put.path)));
  return { changes, leftOut, protectedPaths, remarks };
}

function sizeProblems(changes: ChangeSet): string[] {
  const bytes = changes.reduce((sum, change) => sum + (change.type === 'put' ? change.bytes.byteLength : 0), 0);
  const most = 'are published at once';
  return [
    changes.length > limits.files ? `it has ${changes.length} files, at most ${limits.files} ${most}` : '',
    bytes > limits.bytes ? `it has ${bytes} bytes, at most ${limits.bytes} ${most}` : '',
  ].filter(Boolean);
}

const pathRules: readonly (readonly [isBroken: (path: string) => boolean, says: string])[] = [
  [(path) => path === '' || path.startsWith('/'), 'is not a relative path'],
  [(path) => path.split('/').some((part) => ['', '.', '..'].includes(part)), 'does not stay below the root'],
  [(path) => /[\p{Cc}\\]/u.test(path) || !path.isWellFormed(), 'has characters that paths must not have'],
  [(path) => Buffer.byteLength(path) > limits.pathBytes, `is longer than ${limits.pathBytes} bytes`],
  [(path) => path.split('/').some(isGitDirectory), 'lies in a git directory'],
];

function pathProblems({ path }: Change): string[] {
  return pathRules.filter(([isBroken]) => isBroken(path)).map(([, says]) => `${JSON.stringify(path)} ${says}`);
}

/** Some file systems ignore case, invisible characters, trailing dots and spaces, or know `.git` by its short name as well. */
function isGitDirectory(part: string): boolean {
  const plain = part
    .normalize('NFKC')
    .replace(/[\p{Cf}\u034f\ufe00-\ufe0f]/gu, '')
    .replace(/[. ]+$|:.*$/g, '');
  return /^(?:\.git|git~\d+)$/i.test(plain);
}

/** One name twice, or a file where another path needs a folder. */
function nameProblems(changes: ChangeSet): string[] {
  const paths = changes.map(({ path }) => path);
  const files = new Set(changes.filter(({ type }) => type === 'put').map(({ path }) => path));
  const twice = paths.filter((path, index) => paths.indexOf(path) !== index);
  const inFiles = [...files].filter((path) => parentsOf(path).some((parent) => files.has(parent)));
  return [
    ...twice.map((path) => `${JSON.stringify(path)} is there twice`),
    ...inFiles.map((path) => `${JSON.stringify(path)} lies below a file`),
  ];
}

function parentsOf(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

function linkProblems({ path, mode, bytes }: Put): string[] {
  if (mode !== '120000') return [];
  const target = Buffer.from(bytes).toString('utf8');
  const resolved = posix.normalize(posix.join(posix.dirname(path), target));
  const leaves = target.startsWith('/') || resolved === '..' || resolved.startsWith('../');
  const isOdd = target === '' || /[\p{Cc}\\\ufffd]/u.test(target) || resolved.split('/').some(isGitDirectory);
  return leaves || isOdd ? [`the link ${JSON.stringify(path)} leads out of the repository or nowhere`] : [];
}

const pointerStart = 'version https://git-lfs.github.com/spec/v1\n';

function isPointer({ bytes }: Put): boolean {
  return bytes.byteLength < 1024 && Buffer.from(bytes).toString('utf8').startsWith(pointerStart);
}

/** A file that begins like a Git LFS pointer and is none would break everybody's checkout. */
function pointerProblems(put: Put): string[] {
  if (!isPointer(put)) return [];
  const isWhole = /^oid sha256:[0-9a-f]{64}\nsize \d+\n$/.test(
    Buffer.from(put.bytes).toString('utf8').slice(pointerStart.length),
  );
  return isWhole ? [] : [`${JSON.stringify(put.path)} is a broken Git LFS pointer`];
}

function isWorkflow(path: string): boolean {
  return /^\.github\/workflows\//i.test(path);
}

/** The paths whose base version has to be known to tell what is new in them; few, if any. */
export function pathsInDoubt(changeSet: ChangeSet): string[] {
  const puts = changeSet.filter((change) => change.type === 'put');
  const inDoubt = puts.filter((put) => {
    const { isBlocked, mixedWords } = disguisesOf(put, new Map());
    return isBlocked || mixedWords.length > 0;
  });
  return inDoubt.map(({ path }) => path);
}

/** Without text there is nothing to read into a file, but its name is shown all the same. */
function disguisesOf(put: Put, before: TextsBefore): Disguises {
  return findDisguises({ path: put.path, text: textOf(put) ?? '', before: before.get(put.path) });
}

/** Undefined for what people do not read as text. */
function textOf({ mode, bytes }: Put): string | undefined {
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return mode === '120000' || content.includes(0) ? undefined : content.toString('utf8');
}

function remarksAbout(put: Put, disguises: Disguises | undefined): string[] {
  const name = JSON.stringify(put.path);
  const isHiding = disguises?.isBlocked === true || hasHidden(textOf(put) ?? '');
  const words = disguises?.mixedWords.map((word) => JSON.stringify(word)).join(', ') ?? '';
  return [
    isPointer(put) ? `${name} is a Git LFS pointer; check that its object exists.` : '',
    isHiding ? `${name} holds invisible or direction-changing characters; read it with them shown.` : '',
    words === '' ? '' : `${name} has words that mix alphabets which look alike: ${words}.`,
  ].filter(Boolean);
}

/** Files that steer people, tools and builds: a change to one of them needs a person. Compared in lower case. */
const protectedNames = new Set(
  `agents.md claude.md gemini.md preferences.md codeowners
  package.json package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml pnpm-workspace.yaml bun.lock bun.lockb deno.json deno.lock
  pyproject.toml poetry.lock uv.lock pdm.lock pipfile pipfile.lock setup.py setup.cfg
  go.mod go.sum go.work go.work.sum cargo.toml cargo.lock gemfile gemfile.lock composer.json composer.lock
  pom.xml build.gradle build.gradle.kts settings.gradle settings.gradle.kts gradle.properties gradlew mvnw
  makefile jenkinsfile dockerfile compose.yaml compose.yml docker-compose.yaml docker-compose.yml azure-pipelines.yml
  .npmrc .yarnrc .yarnrc.yml .pnpmfile.cjs .gitattributes .gitmodules .gitlab-ci.yml .travis.yml .pre-commit-config.yaml
  .mcp.json .cursorrules .envrc`.split(/\s+/),
);
/** Also any folder whose name begins with a dot (.github, .claude, .vscode …), and manifests with a name of their own. */
const protectedPattern =
  /(?:^|\/)(?:\.[^/]+\/|requirements[^/]*\.(?:txt|in)$|dockerfile\.[^/]+$)|\.(?:gemspec|csproj|sln)$/i;

/** Whether a path needs a person: by our own list, or by the plan's patterns (globs; a bare path covers everything below it). */
function isProtected(path: string, more: readonly string[]): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  return protectedNames.has(name) || protectedPattern.test(path) || more.some((glob) => covers(glob, path));
}

function covers(glob: string, path: string): boolean {
  const plain = glob.replace(/^\.?\//, '').replace(/\/$/, '');
  const isBelow = path === plain || path.startsWith(`${plain}/`);
  return isBelow || [plain, `${plain}/**`].some((pattern) => posix.matchesGlob(path, pattern));
}
