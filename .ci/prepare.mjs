#!/usr/bin/env node
// Makes this checkout ready to run: packages from the lock file and the system packages the sandbox needs.
// Plain JavaScript for Node 18 or newer without any package installed, because it runs before there are any.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');

/** What the box and the tests need from the distribution: a command to look for and the Debian package that has it. */
const systemPackages = [
  { command: 'bwrap', package: 'bubblewrap' },
  { command: 'prlimit', package: 'util-linux' },
  { command: 'git', package: 'git' },
];
/** Only the tests need these: the other languages' fixtures, the second database and the browser. */
const testPackages = [
  { command: 'python3', package: 'python3' },
  { command: 'go', package: 'golang-go' },
  { command: '/usr/lib/postgresql', package: 'postgresql' },
  { command: 'chromium', package: 'chromium' },
];

/** Which npm script this runs before; none when it is run by itself, and then everything is wanted. */
const script = process.env.npm_lifecycle_event;

refuseOldNode();
if (script !== 'prestart' || !existsSync(join(root, 'node_modules', 'probot'))) installPackages();
installSystemPackages(['predemo', 'prestart'].includes(script) ? systemPackages : [...systemPackages, ...testPackages]);

function refuseOldNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 18) stop(`Node ${process.versions.node} is too old to set this up; install Node 18 or newer.`);
}

/** `npm ci` when the packages are absent or older than the lock file. */
function installPackages() {
  const stamp = join(root, 'node_modules', '.installed-lock');
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  if (
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === lock &&
    existsSync(join(root, 'node_modules', '.bin', 'node'))
  )
    return;
  say('Installing packages (npm ci) …');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'npm ci failed; see its message above.');
  if (!existsSync(join(root, 'node_modules', '.bin', 'node')))
    stop('npm ci did not install the Node runtime this project runs on: run it without --ignore-scripts.');
  writeFileSync(stamp, lock);
}

/** Installs what is missing where we may; otherwise prints the one command that does. */
function installSystemPackages(wanted) {
  const missing = wanted.filter(({ command }) => !isThere(command)).map((each) => each.package);
  if (missing.length === 0) return;
  const command = `apt-get update && apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  if (process.getuid?.() !== 0 || !isThere('apt-get')) {
    stop(
      `This machine lacks ${missing.join(', ')}. Install with:\n\n    sudo sh -c '${command}'\n\nthen run the same command again.`,
    );
  }
  say(`Installing ${missing.join(', ')} …`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['update', '-qq'], 'apt-get update failed; see its message above.', environment);
  run(
    'apt-get',
    ['install', '-y', '-qq', '--no-install-recommends', ...missing],
    `Run it yourself: ${command}`,
    environment,
  );
}

function isThere(command) {
  if (command.startsWith('/')) return existsSync(command);
  return ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'].some((folder) =>
    existsSync(join(folder, command)),
  );
}

/** Quiet on success: its output is shown only when it fails. */
function run(command, argv, advice, env = process.env) {
  const result = spawnSync(command, argv, { cwd: root, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (result.status === 0) return;
  process.stderr.write(
    `${result.stdout ?? ''}${result.stderr ?? ''}${result.error ? `${result.error.message}\n` : ''}`,
  );
  stop(advice);
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

function stop(text) {
  say(`\n${text}`);
  process.exit(1);
}
