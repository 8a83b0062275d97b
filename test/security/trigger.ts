import { readFileSync } from 'node:fs';
import { decide, decideStillWanted, type Facts } from '../../src/policy/index.ts';
import { readDelivery } from '../../src/trigger/index.ts';
import type { Permission } from '../../src/github/index.ts';
import { archived, earlier, facts, issue, pull, request } from '../policy/builders.ts';
import { pureClass, type Case } from './case.ts';
import { replayCases } from './replays.ts';

interface Delivery {
  readonly event: string;
  readonly payload: Payload;
}

/** A payload as it is parsed: what a row changes in it may be anything. */
type Payload = Readonly<Record<string, unknown>>;

const bot = { appId: 4711, slug: 'back-bot' };

function recorded(name: string, change: (payload: Payload) => Payload = (same) => same): Delivery {
  const file = new URL(`../fixtures/deliveries/${name}.json`, import.meta.url);
  const payload = JSON.parse(readFileSync(file, 'utf8')) as Payload; // recorded: an object
  return { event: name.split('.')[0] ?? '', payload: change(payload) };
}

function within(field: string, change: Payload): (payload: Payload) => Payload {
  return (payload) => ({ ...payload, [field]: { ...(payload[field] as Payload), ...change } });
}

/** What a bot without any of our rules does: a label or a word somewhere, and it starts. */
function startsNaively({ payload }: Delivery): boolean {
  const said = JSON.stringify([payload['label'], payload['comment'], payload['issue']]).toLowerCase();
  return said.includes('backend');
}

function starts({ event, payload }: Delivery, known: Facts): boolean {
  const reading = readDelivery(event, payload, bot, { id: 'guid-1', at: '2025-06-01T10:00:00Z' });
  if (!('request' in reading)) return false;
  const { type } = decide(reading.request, known);
  return type === 'accept' || type === 'go-on' || (type === 'stop' && reading.request.via === 'command');
}

const labeled = recorded('issues.labeled');
const command = recorded('issue_comment.created');

function says(body: string): Delivery {
  return recorded('issue_comment.created', within('comment', { body }));
}

interface Row {
  readonly id: 'D6' | 'D33' | 'D35' | 'D39';
  readonly name: string;
  readonly delivery: Delivery;
  readonly known?: Partial<Facts>;
}

const permissions: readonly Permission[] = ['none', 'read', 'triage'];

const strangers: readonly Row[] = permissions.flatMap((permission): Row[] => {
  const known = { permission };
  const lies = ['OWNER', 'MEMBER', 'COLLABORATOR'].map((association): Row => {
    const delivery = recorded('issue_comment.created', within('comment', { author_association: association }));
    return { id: 'D6', name: `a command by ${permission}, the payload says ${association}`, delivery, known };
  });
  return [
    { id: 'D6', name: `a label put on by ${permission}`, delivery: labeled, known },
    {
      id: 'D6',
      name: `a template that carries the label, used by ${permission}`,
      delivery: recorded('issues.opened'),
      known,
    },
    {
      id: 'D6',
      name: `the labelling of that template, by ${permission}`,
      delivery: recorded('issues.labeled.at-opening'),
      known,
    },
    { id: 'D6', name: `a stop command by ${permission}`, delivery: recorded('issue_comment.created.stop'), known },
    ...lies,
  ];
});

const machines: readonly Row[] = (
  [
    ['a bot’s label', recorded('issues.labeled.by-bot')],
    ['a bot’s command', recorded('issue_comment.created.by-bot')],
    ['our own command', recorded('issue_comment.created.by-us')],
    [
      'our own comment under a person’s name',
      recorded('issue_comment.created', within('comment', { performed_via_github_app: { id: bot.appId } })),
    ],
    [
      'a bot that says it is a user',
      recorded('issues.labeled', within('sender', { type: 'User', login: 'evil[bot]' })),
    ],
    ...['Bot', 'Organization', 'Mannequin', 'user', ''].map(
      (type) => [`a sender of type "${type}"`, recorded('issues.labeled', within('sender', { type }))] as const,
    ),
  ] satisfies readonly (readonly [string, Delivery])[]
).map(([name, delivery]) => ({
  id: 'D33',
  name,
  delivery,
  // What a bot may do is nothing, unless the settings list it.
  ...(name === 'a bot’s command' && { known: { permission: 'none' as const } }),
}));

const unsaid: readonly Row[] = [
  ['quoted', '> /backend implement'],
  ['in a quotation that goes on', '> so he said\n/backend implement'],
  ['in a code block', '```\n/backend implement\n```'],
  ['in a code block that never ends', '~~~\n/backend implement'],
  ['in indented code', 'As in:\n\n    /backend implement'],
  ['in an HTML comment', '<!--\n/backend implement\n-->'],
  ['in an HTML comment that never ends', '<!--\n\n/backend implement'],
  ['in a code span over lines', 'a `b\n/backend implement\nc` d'],
  ['in a pre tag', '<pre>\n/backend implement\n</pre>'],
  ['in the middle of a line', 'please /backend implement'],
  ['with a longer word', '/backend-implement now'],
  ['as a path', '/backend/implement'],
].map(([name = '', body = '']) => ({ id: 'D6', name: `a command ${name}`, delivery: says(body) }));

const stale: readonly Row[] = [
  {
    id: 'D6',
    name: 'a command that a stranger edits in later',
    delivery: recorded('issue_comment.edited'),
    known: { permission: 'read' },
  },
  { id: 'D6', name: 'a command edited into another one', delivery: recorded('issue_comment.edited.command-changed') },
  { id: 'D6', name: 'an issue edited to say it', delivery: recorded('issues.edited') },
  { id: 'D6', name: 'a label that is off again', delivery: labeled, known: { issue: issue({ labels: [] }) } },
  {
    id: 'D6',
    name: 'another label of nearly that name',
    delivery: recorded('issues.labeled', within('label', { name: 'backend ' })),
    known: { issue: issue({ labels: ['backend '] }) },
  },
  {
    id: 'D6',
    name: 'a label with an invisible character',
    delivery: recorded('issues.labeled', within('label', { name: 'backend\u200b' })),
  },
  { id: 'D6', name: 'an issue that is closed', delivery: labeled, known: { issue: issue({ state: 'closed' }) } },
  { id: 'D6', name: 'an issue that is locked', delivery: labeled, known: { issue: issue({ locked: true }) } },
  { id: 'D39', name: 'an issue that is gone', delivery: labeled, known: { issue: undefined } },
  { id: 'D39', name: 'a repository that is archived', delivery: labeled, known: { repository: archived().repository } },
  { id: 'D39', name: 'a delivery of no installation', delivery: recorded('issues.labeled.without-installation') },
  {
    id: 'D6',
    name: 'a sender without an id',
    delivery: recorded('issues.labeled', within('sender', { id: '21031067' })),
  },
  { id: 'D6', name: 'a sender with a negative id', delivery: recorded('issues.labeled', within('sender', { id: -1 })) },
  {
    id: 'D6',
    name: 'a payload without a sender',
    delivery: recorded('issues.labeled', (whole) => ({ ...whole, sender: undefined })),
  },
  { id: 'D33', name: 'a second pull request for one issue', delivery: labeled, known: { ours: [pull()] } },
  {
    id: 'D35',
    name: 'one more job when the day’s money is spent',
    delivery: labeled,
    known: { limits: { usdPerJob: 5, usdPerDay: 50, spentTodayUsd: 50 } },
  },
];

const ordinary = facts({ issue: issue({ labels: ['backend'] }) });

function toCase({ id, name, delivery, known }: Row): Case {
  return {
    id,
    name,
    baseline: () => startsNaively(delivery),
    attack: () => starts(delivery, { ...ordinary, ...known }),
    // The same way in, used by somebody who may.
    twin: () => starts(delivery.event === 'issues' ? labeled : command, ordinary),
  };
}

/** One labelling tells itself twice, in either order: the second must not be a second job. */
const sameWish: Case = {
  id: 'D33',
  name: 'one labelling told twice',
  baseline: () => startsNaively(labeled),
  attack: () => decide(request(), facts({ earlier: [earlier({ state: 'running' })] })).type === 'accept',
  twin: () =>
    decide(
      request({ requestedAt: '2025-06-01T11:00:00Z' }),
      facts({ earlier: [earlier({ outcome: { type: 'declined', reason: '' } })] }),
    ).type === 'accept',
};

/** Asked again before anything is published. */
const standing: readonly Case[] = [
  ...permissions.map((permission) => [`the permission fell to ${permission}`, facts({ permission })] as const),
  ['the label was taken off', facts({ issue: issue({ labels: [] }) })] as const,
  ['the issue was closed', facts({ issue: issue({ state: 'closed' }) })] as const,
  ['the repository was archived', archived()] as const,
].map(([name, now]) => ({
  id: 'D6',
  name: `publishing although ${name}`,
  baseline: () => decide(request(), facts()).type === 'accept',
  attack: () => decideStillWanted(request(), now).wanted,
  twin: () => decideStillWanted(request(), facts()).wanted,
}));

export const trigger = pureClass('trigger', [
  ...[...strangers, ...machines, ...unsaid, ...stale].map(toCase),
  sameWish,
  ...standing,
  ...replayCases,
]);
