import { z } from 'zod';
import { isImageReference } from '../domain/index.ts';

// Case is spelled out in patterns: a JSON Schema, which is made from them, has no flags.

const Command = z
  .string()
  .max(4_000)
  .regex(/^(?=\s*\S)[^\0]*$/u);
const Name = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/u);
const Label = z.string().trim().min(1).max(50);
const Line = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}]*$/u);
/** Relative to the repository's root, and inside it. */
const Path = Line.regex(/^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$))[^\\]*$/u);
/** Letters, digits and `-_./`, with the number somewhere: two issues never share a branch. */
const BranchPattern = z
  .string()
  .max(80)
  .regex(/^(?=.*\{number\})[a-zA-Z0-9](?:[\w./-]|\{number\}|\{slug\})*$/u);
const BranchName = z
  .string()
  .max(200)
  .regex(/^(?![-./])(?!.*(?:\.\.|\/\/|@\{|\.lock(?:\/|$)))[^\s\p{Cc}~^:?*[\\]*[^\s\p{Cc}~^:?*[\\/.]$/u);
const Host = z
  .string()
  .max(253)
  .regex(/^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]{2,63}$/u);

/** What starts work here: read on its own as well, so that a mistake elsewhere in the file does not make us deaf. */
export const TriggerWords = z.object({
  label: z.union([Label, z.literal(false)]).default('backend'),
  command: z
    .string()
    .regex(/^\/[a-zA-Z][\w-]{0,63}$/u)
    .default('/backend'),
  mention: z.boolean().default(true),
});
export type TriggerWords = z.infer<typeof TriggerWords>;

const Triggers = z.strictObject({
  ...TriggerWords.shape,
  files: z
    .union([
      z.literal(false),
      z.strictObject({
        paths: z.array(Path).min(1).max(100).optional(),
        on: z
          .array(z.enum(['pull_request', 'push']))
          .min(1)
          .default(['pull_request']),
      }),
    ])
    .default(false),
  phase: z
    .strictObject({ label: Label.optional(), field: Line.optional(), values: z.array(Line).max(100).optional() })
    .optional(),
  delegators: z
    .array(z.string().regex(/^[a-zA-Z0-9-]{1,100}\[bot\]$/u))
    .max(100)
    .default([]),
});

const Budget = z.strictObject({
  usd: z.number().min(0.01).max(1_000).default(5),
  turns: z.int().min(1).max(1_000).default(200),
  minutes: z.int().min(1).max(1_440).default(60),
});

/** `.github/backend.yml`, with what holds where it is silent. What each key takes in words is in settings-fields.ts. */
export const Settings = z.strictObject({
  triggers: Triggers.prefault({}),
  base: BranchName.optional(),
  branch: BranchPattern.default('backend/{number}-{slug}'),
  draft: z.boolean().default(true),
  agent: Name.default('backend-developer'),
  reviewers: z.union([z.enum(['auto', 'none']), z.array(Name).max(20)]).default('auto'),
  plan: z.enum(['auto', 'always', 'never']).default('auto'),
  model: z
    .string()
    .regex(/^[a-zA-Z0-9][\w.:@/-]{0,199}$/u)
    .default('inherit'),
  budget: Budget.prefault({}),
  setup: Command.optional(),
  checks: z
    .strictObject({ test: Command.optional(), lint: Command.optional(), types: Command.optional() })
    .prefault({}),
  image: z.string().refine(isImageReference).optional(),
  network: z.strictObject({ allow: z.array(Host).max(50).default([]) }).prefault({}),
  services: z.array(Name).max(10).default([]),
  protect: z.array(Path).max(100).default([]),
  preferences: Path.default('PREFERENCES.md'),
});
export type Settings = z.infer<typeof Settings>;
