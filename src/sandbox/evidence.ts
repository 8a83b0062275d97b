import { z } from 'zod';
import { BotError } from '../domain/index.ts';
import { bubblewrapTraits, type Traits } from '../isolation/index.ts';

/** What the tool host reads of itself in /proc before anything else runs in its box: status, network devices, mounts. */
const Wire = z.tuple([z.string(), z.string(), z.string()]);

/** Where anything may be mounted in a box of any kind. */
const mountPoints = [
  ...['', 'proc(?:/.+)?', 'dev(?:/.+)?', 'opt/backend/(?:bin/.+|toolhost)', 'tmp', 'tmp/outputs', 'tmp/git'],
  ...['run/proxy[.]sock', 'repo', 'repo/[.]git', 'repo/[.]git/objects/info/alternates', 'mirror/objects', 'home/agent'],
];

const expectations: readonly {
  readonly what: string;
  readonly holds: (evidence: Evidence, traits: Traits) => boolean;
}[] = [
  { what: 'has no system-call filter', holds: ({ status }) => /^Seccomp:\t2$/m.test(status) },
  { what: 'may gain privileges', holds: ({ status }) => /^NoNewPrivs:\t1$/m.test(status) },
  {
    what: 'has capabilities',
    holds: ({ status }) => [...status.matchAll(/^Cap(?:Inh|Prm|Eff|Bnd|Amb):\t0{16}$/gm)].length === 5,
  },
  {
    what: 'runs as another user',
    holds: ({ status }, { userId }) => new RegExp(`^Uid:(?:\\t${userId}){4}$`, 'm').test(status),
  },
  { what: 'has a network', holds: ({ devices }) => devices.length === 1 && devices[0] === 'lo' },
  {
    what: 'shows folders of the host',
    holds: ({ mounts }, traits) => mounts.length > 5 && mounts.every(isExpected(traits)),
  },
];

interface Evidence {
  readonly status: string;
  readonly devices: readonly string[];
  readonly mounts: readonly string[];
}

/** The short self-test of every box. Throws BotError `box-unavailable` naming what is not as it must be. */
export function checkEvidence(value: unknown, traits: Traits = bubblewrapTraits): void {
  const read = Wire.safeParse(value);
  if (!read.success) throw refused('says nothing of itself');
  const [status, network, mountinfo] = read.data;
  const evidence = {
    status,
    devices: network.split('\n').flatMap((line) => /^\s*([^\s:]+):/.exec(line)?.[1] ?? []),
    mounts: mountinfo.split('\n').flatMap((line) => line.split(' ')[4] ?? []),
  };
  const broken = expectations.find(({ holds }) => !holds(evidence, traits));
  if (broken !== undefined) throw refused(broken.what);
}

function isExpected({ mounts }: Traits): (path: string) => boolean {
  const known = new RegExp(`^/(?:${[...mountPoints, ...mounts].join('|')})$`);
  return (path) => known.test(path);
}

function refused(what: string): BotError {
  return new BotError(
    'box-unavailable',
    `No box could be opened: it ${what}, so it was ended before anything ran in it.`,
  );
}
