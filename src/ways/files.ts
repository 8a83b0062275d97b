import { posix } from 'node:path';
import type { Settings } from '../settings/index.ts';

type Files = Settings['triggers']['files'];

/** What counts as a backend file where the settings name no paths: one of these endings, in or below a folder of one of these names. */
export const backendFiles = {
  folders: ['api', 'backend', 'server', 'src'],
  extensions: ['py', 'js', 'go', 'java', 'rb', 'ts', 'kt', 'cs', 'rs', 'php'],
} as const;

/** Whether a delivery of that kind (`pull_request`) is to be looked at. */
export function looksAtFiles(files: Files | undefined, kind: string): boolean {
  return files !== undefined && files !== false && files.on.some((each) => each === kind);
}

/** Those of the paths that the settings ask for. */
export function findTouched(paths: readonly string[], files: Files | undefined): readonly string[] {
  if (files === undefined || files === false) return [];
  const { paths: patterns } = files;
  return paths.filter((path) =>
    patterns === undefined ? isBackendFile(path) : patterns.some((pattern) => covers(pattern, path)),
  );
}

function isBackendFile(path: string): boolean {
  const folders = path.split('/');
  const [, extension] = /\.([^.]+)$/u.exec(folders.pop() ?? '') ?? [];
  return (
    backendFiles.extensions.some((each) => each === extension) &&
    folders.some((folder) => backendFiles.folders.some((each) => each === folder))
  );
}

/** Globs; a bare path covers everything below it. */
function covers(pattern: string, path: string): boolean {
  const plain = pattern.replace(/^\.?\//u, '').replace(/\/$/u, '');
  return [plain, `${plain}/**`].some((glob) => posix.matchesGlob(path, glob));
}

const longestList = 100;

/** What is asked for where a push asks. */
export function renderFilesWish(touched: readonly string[]): string {
  const listed = touched.slice(0, longestList).map((path) => `- ${path}`);
  return [
    'Nobody asked for anything else: this pull request touches backend files, and is looked at for that.',
    'Read what it changes in them. Add the tests that are missing for it, and mend what falls short of the quality checklist; leave everything else as it is.',
    'When nothing is missing, hand in that there is nothing to change, and say why.',
    'The files:',
    ...listed,
  ].join('\n');
}
