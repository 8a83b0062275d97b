import { join } from 'node:path';
import { rgPath } from '@vscode/ripgrep';

const index = join(import.meta.dirname, '../../src/sandbox/index.ts');
/** A program that proves the sandbox and prints what came of it. */
export const selfTest = `
  import { createSandbox } from ${JSON.stringify(index)};
  await createSandbox({ kind: 'bubblewrap', nodePath: process.execPath }).selfTest().then(
    () => console.log('The sandbox holds.'),
    (error) => console.log(error.code + ': ' + error.message),
  );`;

/** Nothing that could be run is at the path any more. */
export function hide(path: string): readonly string[] {
  return ['--ro-bind', '/dev/null', path];
}

/** As in a container: processes see only a part of /proc, so the kernel mounts no new one for them. */
const maskedProc = ['--unshare-user', ...hide('/proc/version')];

/** What is taken away, the mounts that do it, and words of what is said then. */
export const missing: readonly (readonly [what: string, mounts: readonly string[], words: string])[] = [
  ['bwrap', hide('/usr/bin/bwrap'), 'bwrap is not installed. Install it with: apt-get install bubblewrap'],
  ['prlimit', hide('/usr/bin/prlimit'), 'prlimit is not installed. Install it with: apt-get install util-linux'],
  ['git', hide('/usr/bin/git'), 'git is not installed. Install it with: apt-get install git'],
  ['ripgrep', hide(rgPath), `ripgrep is missing: ${rgPath} is no program. Install it with: npm ci`],
  ['/proc', ['--tmpfs', '/proc'], '/proc is not mounted. Mount it with: mount -t proc proc /proc'],
  ['user namespaces', ['--unshare-user', '--disable-userns'], 'sysctl -w user.max_user_namespaces='],
  ['a /proc of its own', maskedProc, 'Start its container with: --security-opt systempaths=unconfined'],
];
