/** One key of `.github/backend.yml` in words. */
export interface SettingsField {
  /** Where it stands, such as `budget.usd`. */
  readonly key: string;
  /** Completes “it takes …”. */
  readonly takes: string;
  /** A value that is right, as YAML on one line. */
  readonly example: string;
  /** False while the key is read and checked, but the feature that it belongs to does not exist yet. */
  readonly works: boolean;
}

/** Every key, groups included, in the order people find them in docs/configuration.md. A test holds it against the schema. */
export const settingsFields: readonly SettingsField[] = [
  group('triggers', '{ label: backend }'),
  field('triggers.label', 'a label of at most 50 characters, or `false` to switch it off', 'backend'),
  field('triggers.command', 'a slash and one word', '/backend'),
  field('triggers.mention', '`true` or `false`', 'true'),
  field(
    'triggers.files',
    '`false`, or `paths` (a list of path patterns) and `on` (a list of `pull_request` and `push`)',
    '{ paths: ["api/**"], on: [pull_request] }',
  ),
  later('triggers.phase', 'a group of `label`, `field` and `values`', '{ label: "phase: execute" }'),
  field('triggers.phase.label', 'a label of at most 50 characters', '"phase: execute"'),
  later('triggers.phase.field', 'the name of a project field', 'Status'),
  later('triggers.phase.values', 'a list of values of that field', '[Execute]'),
  field('triggers.delegators', 'a list of Apps by their logins, which end in `[bot]`', '["planner[bot]"]'),
  field('base', 'the name of a branch', 'main'),
  field('branch', 'letters, digits and `-_./` with `{number}` and, if you like, `{slug}`', 'backend/{number}-{slug}'),
  field('draft', '`true` or `false`', 'true'),
  field('agent', 'the name of an agent: small letters, digits and `-`', 'backend-developer'),
  later('reviewers', '`auto`, `none`, or a list of agents', 'auto'),
  field('plan', '`auto`, `always` or `never`', 'auto'),
  field('model', '`inherit`, an alias such as `opus`, or the id of a model', 'inherit'),
  group('budget', '{ usd: 5, turns: 200, minutes: 60 }'),
  field('budget.usd', 'US dollars, from 0.01 to 1000', '5'),
  field('budget.turns', 'a whole number from 1 to 1000', '200'),
  field('budget.minutes', 'a whole number from 1 to 1440', '60'),
  field('setup', 'a command line of at most 4000 characters', 'npm ci'),
  group('checks', '{ test: npm test }'),
  field('checks.test', 'a command line of at most 4000 characters', 'npm test'),
  field('checks.lint', 'a command line of at most 4000 characters', 'npm run lint'),
  field('checks.types', 'a command line of at most 4000 characters', 'npm run typecheck'),
  field('image', 'the name of a container image, with a tag or digest if you like', 'node:24-bookworm'),
  group('network', '{ allow: [packages.example.com] }'),
  field('network.allow', 'a list of host names, without scheme, port or `*`', '[packages.example.com]'),
  later('services', 'a list of services by name', '[postgres]'),
  field('protect', 'a list of path patterns inside the repository', '["db/migrations/**"]'),
  field('preferences', 'the path of a file inside the repository', 'PREFERENCES.md'),
];

function field(key: string, takes: string, example: string): SettingsField {
  return { key, takes, example, works: true };
}

function later(key: string, takes: string, example: string): SettingsField {
  return { key, takes, example, works: false };
}

function group(key: string, example: string): SettingsField {
  return { key, takes: 'a group of keys', example, works: true };
}
