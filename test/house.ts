/** What may import what, as ARCHITECTURE.md tells it; the rules that hold it are in architecture.test.ts. */

export const doors =
  'database claim limits store github git workspace egress isolation usage container sandbox model'.split(' ');
export const rooms = ['trigger', 'policy', 'job', 'team', 'agent', 'verify', 'publish', 'web'];
export const pureRooms = ['trigger', 'policy', 'job', 'ways'];

/** Which folders of `src` a file may import from, through their index.ts; `top` stands for the files directly in `src`. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  toolhost: [],
  markdown: ['characters'],
  visible: ['markdown', 'characters'],
  characters: [],
  refusals: ['markdown', 'domain'],
  proposal: ['markdown', 'visible', 'domain'],
  account: ['domain', 'markdown', 'refusals'],
  settings: ['markdown', 'domain'],
  ways: ['domain', 'markdown', 'settings'],
  leaks: [],
  deliverables: ['domain'],
  tokens: [],
  quota: [],
  calls: ['domain', 'tokens', 'quota'],
  ...Object.fromEntries(doors.map((door) => [door, ['domain']])),
  claim: ['domain', 'database'],
  github: ['domain', 'calls', 'tokens', 'quota'],
  workspace: ['domain', 'git'],
  limits: ['domain', 'database'],
  store: ['domain', 'database', 'claim', 'limits'],
  usage: ['domain', 'isolation'],
  container: ['domain', 'isolation', 'usage'],
  sandbox: ['domain', 'egress', 'isolation', 'usage', 'container'],
  ...Object.fromEntries(rooms.map((room) => [room, ['domain', 'markdown', 'characters', 'refusals', ...doors]])),
  agent: ['domain', 'characters', 'deliverables', ...doors],
  policy: ['domain', 'ways', 'markdown', 'visible', 'settings', 'proposal', ...doors],
  publish: ['domain', 'account', 'markdown', 'characters', 'refusals', 'proposal', ...doors],
  top: [
    'domain',
    'account',
    'ways',
    'leaks',
    'markdown',
    'visible',
    'proposal',
    'settings',
    'characters',
    ...doors,
    ...rooms,
  ],
  cli: ['domain', 'settings', 'top', ...doors, ...rooms],
};

/** Where a package may be imported; one that is missing here is imported nowhere. Names match from their beginning. */
export const packageHomes: Readonly<Record<string, readonly string[]>> = {
  'simple-git': ['git'],
  '@octokit/': ['github', 'calls'],
  '@anthropic-ai/': ['model'],
  pg: ['database'],
  'pg-boss': ['database', 'store'],
  '@electric-sql/pglite': ['database'],
  '@vscode/ripgrep': ['sandbox'],
  probot: ['web', 'top'],
  hono: ['web', 'top'],
  '@hono/node-server': ['web', 'top'],
  pino: ['web', 'top'],
  'pino-pretty': ['top'],
  yaml: ['settings', 'team', 'cli'],
  mdast: ['visible'],
  'mdast-util-from-markdown': ['visible'],
  'mdast-util-gfm': ['visible'],
  'micromark-extension-gfm': ['visible'],
  zod: ['top', 'settings', 'deliverables', ...rooms, ...doors],
};

/** Who reviews and whom work is handed to is data in `agents/`: code that knows a name would have to change with the team. */
export const teammates = [
  ...['code-review-expert', 'backend-reviewer', 'security-auditor', 'qa-engineer', 'documentation-expert'],
  ...['api-architect', 'database-architect', 'performance-engineer', 'task-manager', 'frontend-developer'],
];
