import { runBoxKills } from './boxes.ts';
import { runBusy } from './busy.ts';
import { runCalls } from './calls.ts';
import { runCopies } from './copies.ts';
import { runDropped } from './dropped.ts';
import { runFrozen } from './frozen.ts';
import { runGraceful } from './graceful.ts';
import { runHerd } from './herd.ts';
import { runHuge } from './huge.ts';
import { runNested } from './nested.ts';
import { runQueue } from './queue.ts';
import { runRace } from './race.ts';
import { runRestarts } from './restarts.ts';
import type { FaultClass } from './result.ts';
import { runSoak } from './soak.ts';
import { runStorm } from './storm.ts';
import { sweep } from './sweep.ts';

/** The seeds are shared between the two databases: a whole sweep of each takes its time. */
const half = (seeds: number, quick: boolean): number => (quick ? 1 : Math.ceil(seeds / 2));

/** Everything that goes wrong on purpose, in the order of how long it takes. */
export const faultClasses: readonly FaultClass[] = [
  {
    id: 'RL-09 RL-44',
    title: 'kill -9, embedded database',
    load: 'both cores',
    run: ({ seeds, quick, tell }) => sweep({ kind: 'embedded', seeds: half(seeds, quick), tell }),
  },
  {
    id: 'RL-09 RL-44',
    title: 'kill -9, PostgreSQL, another worker alive',
    load: 'both cores',
    run: ({ seeds, quick, tell }) => sweep({ kind: 'PostgreSQL', seeds: half(seeds, quick), tell }),
  },
  { id: 'RL-39 RL-19', title: 'herd of 1,000 issues', run: runHerd },
  { id: 'RL-18 RL-21 RL-23 RL-30 RL-32', title: 'calls lost and refused', run: runStorm },
  { id: 'RL-42', title: 'soak', run: runSoak },
  { id: 'RL-10', title: 'kill -9 during recovery', run: runNested },
  { id: 'RL-07', title: 'database restarted', run: runRestarts },
  { id: 'RL-13', title: 'processes race', run: runRace },
  { id: 'RL-38', title: 'huge repository', run: runHuge },
  { id: 'RL-37', title: 'processes of a box killed', run: runBoxKills },
  { id: 'RL-36', title: 'calls that hang', run: runCalls },
  { id: 'RL-14', title: 'embedded database copied at any moment', run: runCopies },
  { id: 'RL-39', title: 'people who wait', load: 'none', run: runQueue },
  { id: 'RL-12', title: 'worker frozen', run: runFrozen },
  { id: 'RL-11', title: 'SIGTERM', run: runGraceful },
  { id: 'RL-04 RL-05', title: 'deliveries lost', run: runDropped },
  { id: 'RL-08', title: 'every core busy', run: runBusy },
];
