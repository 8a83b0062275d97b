import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { calls, purposes } from '../../src/calls/index.ts';
import { pureClass, type Case } from './case.ts';

const root = join(import.meta.dirname, '../..');

function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

interface Manifest {
  readonly public?: boolean;
  readonly default_permissions?: Readonly<Record<string, string>>;
  readonly default_events?: readonly string[];
}

const manifestText = readText('app.yml');

function manifestOf(text: string): Manifest {
  return parse(text) as Manifest; // GitHub reads it as we do
}

/** The manifest of somebody who asks for everything that could be of use. */
function greedy(line: string): string {
  return manifestText.replace('default_permissions:\n', `default_permissions:\n  ${line}\n`);
}

function grants(text: string, permission: string, level = ''): boolean {
  return manifestOf(text).default_permissions?.[permission]?.includes(level) === true;
}

/** With any of these a pull request of ours could change what runs with secrets, or who may do what. */
const unwanted = (
  'workflows actions administration secrets variables environments deployments packages pages members codespaces webhooks hooks ' +
  'organization_administration organization_secrets organization_hooks organization_self_hosted_runners organization_members ' +
  'statuses security_events secret_scanning_alerts vulnerability_alerts merge_queues repository_hooks attestations'
).split(' ');

const needed = { metadata: 'read', contents: 'write', issues: 'write', pull_requests: 'write', checks: 'write' };

const permissions: readonly Case[] = unwanted.map((name) => ({
  id: 'D28',
  name: `the App may do something about ${name}`,
  baseline: () => grants(greedy(`${name}: write`), name),
  attack: () => grants(manifestText, name),
  twin: () => Object.entries(needed).every(([permission, level]) => grants(manifestText, permission, level)),
}));

const unwantedEvents =
  'push workflow_run workflow_job check_suite release deployment create delete fork member team'.split(' ');

const events: readonly Case[] = unwantedEvents.map((name) => ({
  id: 'D28',
  name: `the App is told of every ${name}`,
  baseline: () =>
    manifestOf(manifestText.replace('default_events:\n', `default_events:\n  - ${name}\n`)).default_events?.includes(
      name,
    ) === true,
  attack: () => manifestOf(manifestText).default_events?.includes(name) === true,
  twin: () => ['issues', 'issue_comment'].every((event) => manifestOf(manifestText).default_events?.includes(event)),
}));

/** A token gets what its purpose is granted, whatever the App has. */
const tokens: readonly Case[] = Object.entries(purposes).map(
  ([purpose, given]: [string, Readonly<Record<string, string>>]) => ({
    id: 'D28',
    name: `a token for ${purpose} may do more than the App asks for, or than one kind of work needs`,
    // Without a list a token of GitHub's has all that the App has.
    baseline: () =>
      Object.values(manifestOf(manifestText).default_permissions ?? {}).filter((level) => level === 'write').length > 2,
    attack: () =>
      Object.entries(given).some(
        ([name, level]) => !grants(manifestText, name) || (level === 'write' && !grants(manifestText, name, level)),
      ) ||
      (purpose !== 'resolve' && given['contents'] === 'write' && Object.keys(given).length > 1),
    twin: () => Object.keys(given).length > 0,
  }),
);

/** Who may push could change what a pull request says, so one token may do both only where GitHub wants it, for one call. */
const both = { contents: 'write', pull_requests: 'write' };
const exceptions: readonly Case[] = [
  {
    id: 'D28',
    name: 'a token may do more than one kind of work, or for more than that a thread is resolved',
    baseline: () => !isDeepStrictEqual(manifestOf(manifestText).default_permissions, both),
    attack: () =>
      !isDeepStrictEqual(purposes.resolve, both) ||
      Object.entries(calls).some(([name, { purpose }]) => purpose === 'resolve' && name !== 'resolveThread'),
    twin: () => calls.resolveThread.purpose === 'resolve',
  },
];

const documents = [
  'README.md',
  'SECURITY.md',
  'docs/permissions.md',
  'docs/operating.md',
  'docs/configuration.md',
  'docs/docker.md',
];

/** What a reader would copy. */
function advises(text: string, pattern: RegExp): boolean {
  return text.split('\n').some((line) => pattern.test(line) && !/never|not|don’t|without/i.test(line));
}

const advice: readonly Case[] = (
  [
    ['pull_request_target', /pull_request_target/],
    ['giving the App the Workflows permission', /workflows:\s*write/i],
    ['secrets for pull requests of the App', /secrets:\s*inherit/i],
  ] as const
).map(([name, pattern]) => ({
  id: 'D28',
  name: `our documents advise ${name}`,
  baseline: () =>
    ['on: pull_request_target', 'workflows: write', 'secrets: inherit'].some((line) => advises(line, pattern)),
  attack: () => documents.some((path) => advises(readText(path), pattern)),
  twin: () => documents.every((path) => readText(path).length > 100),
}));

interface Lock {
  readonly packages: Readonly<Record<string, Locked>>;
}

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly link?: boolean;
}

const lock = JSON.parse(readText('package-lock.json')) as Lock; // npm's format, version 3
const manifest = JSON.parse(readText('package.json')) as Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const packages = Object.entries(lock.packages).filter(([path]) => path !== '');

/** Rules of a lock file, each with an entry that breaks it. */
const lockRules: readonly (readonly [name: string, breaks: (path: string, entry: Locked) => boolean, bad: Locked])[] = [
  ['has no hash', (_, { integrity = '' }) => !/^sha512-[A-Za-z0-9+/]{86}==/.test(integrity), { version: '1.0.0' }],
  ['has an old hash', (_, { integrity = '' }) => /sha1-|md5-/.test(integrity), { integrity: 'sha1-x' }],
  [
    'comes from elsewhere than the registry',
    (_, { resolved = 'https://registry.npmjs.org/' }) => !resolved.startsWith('https://registry.npmjs.org/'),
    { resolved: 'git+ssh://git@evil.example/x.git' },
  ],
  ['is a folder of this machine', (_, { link }) => link === true, { link: true }],
  ['has a version that is a place', (_, { version = '' }) => !/^\d+\.\d+\.\d+/.test(version), { version: 'file:../x' }],
  [
    'runs a program when it is installed, and we did not allow it',
    (path, { hasInstallScript }) => hasInstallScript === true && !isAllowed(path),
    { hasInstallScript: true },
  ],
];

function isAllowed(path: string): boolean {
  return manifest['allowScripts']?.[path.replace(/^.*node_modules\//, '')] === true;
}

const locked: readonly Case[] = lockRules.map(([name, breaks, bad]) => ({
  id: 'D36',
  name: `a package that ${name}`,
  baseline: () => breaks('node_modules/evil', bad),
  attack: () => packages.some(([path, entry]) => breaks(path, entry)),
  twin: () => packages.length > 100,
}));

const isExact = (version: unknown) => /^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(String(version));

const wanted: readonly Case[] = (['dependencies', 'devDependencies'] as const).map((group) => ({
  id: 'D36',
  name: `a range of versions in ${group}: tomorrow’s release is taken`,
  baseline: () => !isExact('^1.0.0') && !isExact('latest') && !isExact('github:a/b'),
  attack: () => Object.values(manifest[group] ?? {}).some((version) => !isExact(version)),
  twin: () => Object.keys(manifest[group] ?? {}).length > 5,
}));

/** Programs that npm runs by itself when somebody installs us. */
const lifecycle = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish'];

const hooks: Case = {
  id: 'D36',
  name: 'a program of ours that npm runs by itself when packages are installed',
  baseline: () => lifecycle.includes('postinstall'),
  attack: () => lifecycle.some((name) => name in (manifest['scripts'] ?? {})),
  twin: () => manifest['scripts']?.['start'] !== undefined,
};

export const checklist = pureClass('checklist', [
  ...permissions,
  ...events,
  ...tokens,
  ...exceptions,
  ...advice,
  ...locked,
  ...wanted,
  hooks,
]);
