import { bash } from './bash.ts';
import { box } from './box.ts';
import { budget } from './budget.ts';
import { calls } from './calls.ts';
import { changes } from './changes.ts';
import { checklist } from './checklist.ts';
import { client } from './client.ts';
import { disguises } from './disguises.ts';
import { edited } from './edited.ts';
import { egress } from './egress.ts';
import { files } from './files.ts';
import { git } from './git.ts';
import { grep } from './grep.ts';
import { hidden } from './hidden.ts';
import { identity } from './identity.ts';
import { leaks } from './leaks.ts';
import { live } from './live.ts';
import { log } from './log.ts';
import { model } from './model.ts';
import { names } from './names.ts';
import { offline } from './offline.ts';
import { prerequisites } from './prerequisites.ts';
import { prompt } from './prompt.ts';
import { removal } from './removal.ts';
import { scripts } from './scripts.ts';
import { trigger } from './trigger.ts';
import { voice } from './voice.ts';
import { webhook } from './webhook.ts';
import type { AttackClass } from './case.ts';

/** The cheap ones first: what is wrong is said soon. */
export const attackClasses: readonly AttackClass[] = [
  trigger,
  changes,
  names,
  voice,
  model,
  prompt,
  hidden,
  disguises,
  leaks,
  checklist,
  budget,
  egress,
  webhook,
  log,
  client,
  removal,
  git,
  identity,
  edited,
  offline,
  live,
  files,
  grep,
  scripts,
  calls,
  prerequisites,
  box,
  bash,
];
