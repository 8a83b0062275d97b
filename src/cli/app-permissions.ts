import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import type { AppIdentity } from '../github/index.ts';
import type { Finding } from './doctor.ts';

/** What the manifest asks for. */
export interface Manifest {
  readonly default_permissions: Readonly<Record<string, string>>;
  readonly default_events: readonly string[];
}

/** What does not work without it, by its name in the manifest. */
export const needs: Readonly<Record<string, string>> = {
  metadata: 'nobody’s permission can be looked up',
  contents: 'repositories cannot be fetched, and no branch can be made',
  issues: 'issues cannot be read, and no status comment can be written',
  pull_requests: 'no pull request can be opened',
  checks: 'the evidence has no check run',
};

/** What is not noticed without it. */
export const tells: Readonly<Record<string, string>> = {
  issues: 'a label or a closed issue is noticed only by the sweep',
  issue_comment: 'commands are not noticed',
  pull_request_review: 'commands in reviews are not noticed',
  pull_request_review_comment: 'commands on lines of code are not noticed',
  pull_request: 'work on a pull request that was closed goes on until it is to be published',
  repository_dispatch: 'work that programs delegate is not noticed',
  repository: 'what is kept of a deleted repository stays until its time is over',
};

/** `app.yml`, which is part of the app. */
export async function readManifest(): Promise<Manifest> {
  const text = await readFile(new URL('../../app.yml', import.meta.url), 'utf8');
  return parse(text) as Manifest; // our own file, whose shape the tests hold
}

const levels = ['read', 'write', 'admin'];

/** Compares what the App on GitHub may do and hears with what the manifest asks for. More than that is a risk that nobody needs. */
export function compareApp(
  { permissions, events, settingsUrl }: Pick<AppIdentity, 'permissions' | 'events' | 'settingsUrl'>,
  { default_permissions: wanted, default_events: wantedEvents }: Manifest,
): Pick<Finding, 'verdict' | 'words'> | undefined {
  const lacking = Object.entries(wanted).filter(([name, level]) => rank(permissions[name]) < rank(level));
  const deaf = wantedEvents.filter((event) => !events.includes(event));
  const excess = Object.entries(permissions).filter(([name, level]) => rank(level) > rank(wanted[name]));
  const lines = [
    ...lacking.map(([name, level]) => `permission ${name}: ${level} is missing: without it ${needs[name] ?? ''}`),
    ...deaf.map((event) => `event ${event} is not subscribed to: without it ${tells[event] ?? ''}`),
    ...excess.map(([name, level]) => `permission ${name}: ${level} is more than is needed: ${sayExcess(name, wanted)}`),
  ];
  if (lines.length === 0) return undefined;
  const verdict = lacking.length + deaf.length > 0 ? 'bad' : 'warned';
  const remedy = `change it at ${settingsUrl}/permissions; each installation then has to accept it`;
  return { verdict, words: [...lines, remedy].join('\n') };
}

function rank(level: string | undefined): number {
  return levels.indexOf(level ?? '');
}

function sayExcess(name: string, wanted: Manifest['default_permissions']): string {
  if (name === 'workflows') return 'take it away, so that GitHub itself refuses a change of ours to a workflow';
  return wanted[name] === undefined ? 'take it away' : `set it to ${wanted[name]}`;
}
