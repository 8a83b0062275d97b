import { bash } from './bash.ts';
import { box } from './box.ts';
import { budget } from './budget.ts';
import { changes } from './changes.ts';
import { egress } from './egress.ts';
import { files } from './files.ts';
import { git } from './git.ts';
import { grep } from './grep.ts';
import { identity } from './identity.ts';
import { live } from './live.ts';
import { model } from './model.ts';
import { names } from './names.ts';
import { prompt } from './prompt.ts';
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
  budget,
  egress,
  webhook,
  git,
  identity,
  live,
  files,
  grep,
  box,
  bash,
];
