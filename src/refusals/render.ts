import type { Refusal } from '../domain/index.ts';
import { codeSpan, fenced } from '../markdown/index.ts';
import { gatherRefused, type Wish } from './gather.ts';

/** How many hosts are named; a command can ask for any number. */
const maxNamed = 10;
const maxCommand = 200;
const maxHost = 100;
/** As many as `network.allow` takes. */
const maxAllowed = 50;

const why: Readonly<Record<Wish['reason'], string>> = {
  'not listed': 'is not allowed so far',
  'no setting': 'is no name of a public server, so no setting opens it',
  address: 'is an address; only names can be allowed',
  port: 'is on a port that stays closed; only 80 and 443 are open',
  'private address': 'leads to no public address; private networks stay closed whatever is allowed',
};

/**
 * Markdown for whoever can change the settings: what was refused to which command, why, and a `network` group of `.github/backend.yml` that
 * allows all that can be allowed besides `allowed`. Empty when nothing was refused. Hosts and commands are a stranger's text.
 */
export function renderRefusals(refusals: readonly Refusal[], allowed: readonly string[]): string {
  const { wishes, allowable } = gatherRefused(refusals);
  if (wishes.length === 0) return '';
  const named = wishes.slice(0, maxNamed);
  const left = wishes.length - named.length;
  const lines = named.map((wish) => `- ${describeWish(wish)}`);
  return [
    `**Not reached while setting up**: ${renderCommands(refusals)} asked for hosts that an install step may not reach here.`,
    [...lines, ...(left > 0 ? [`- … and ${left} more`] : [])].join('\n'),
    renderSettings(allowable.slice(0, maxNamed), allowed),
  ]
    .filter(Boolean)
    .join('\n\n');
}

/** The same in one sentence of Markdown for the evidence; none when nothing was refused. */
export function describeRefusals(refusals: readonly Refusal[]): readonly string[] {
  const { wishes, allowable } = gatherRefused(refusals);
  if (wishes.length === 0) return [];
  const named = wishes.slice(0, maxNamed).map((wish) => describeWish(wish));
  const left = wishes.length > maxNamed ? [`${wishes.length - maxNamed} more`] : [];
  const advice =
    allowable.length > 0 ? ' What may be reached stands under `network.allow` in `.github/backend.yml`.' : '';
  return [
    `The install step (${renderCommands(refusals)}) asked for hosts that it did not get: ${[...named, ...left].join('; ')}.${advice}`,
  ];
}

function describeWish({ host, port, reason, namedIn }: Wish): string {
  const named = namedIn === undefined ? '' : `, which ${codeSpan(cut(namedIn, maxHost))} names,`;
  return `${codeSpan(`${cut(host, maxHost)}:${port}`)}${named} ${why[reason]}`;
}

function renderCommands(refusals: readonly Refusal[]): string {
  const asking = refusals.filter(({ hosts }) => hosts.length > 0);
  const failed = new Set(asking.filter(({ passed }) => !passed).map(({ command }) => command));
  const commands = [...new Set(asking.map(({ command }) => command))].slice(0, 3);
  return commands
    .map((command) => codeSpan(cut(command, maxCommand)) + (failed.has(command) ? ', which failed,' : ''))
    .join(' and ');
}

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}

function renderSettings(wanted: readonly string[], allowed: readonly string[]): string {
  const hosts = [...new Set([...allowed, ...wanted])];
  if (wanted.length === 0) return '';
  if (hosts.length > maxAllowed)
    return `\`network.allow\` takes at most ${maxAllowed} hosts, and has ${allowed.length}.`;
  const advice =
    'If you trust what stands there, and that everything the install step runs may send data to it, let `.github/backend.yml` on the default branch say:';
  return `${advice}\n\n${fenced(`network:\n  allow: [${hosts.join(', ')}]`, 'yaml')}`;
}
