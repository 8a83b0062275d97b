import type { AgentRun, Change, CheckRun, Job, Proof, Submission, WorkRequest } from '../../src/domain/index.ts';
import type { Effects } from '../../src/store/index.ts';
import type { TreeEntry } from '../../src/workspace/index.ts';
import type { FinishedWork } from '../../src/publish/index.ts';
import { identityOf, type GitHubWorld } from '../github/github-world.ts';

export function put(
  path: string,
  content: string | Uint8Array = 'x\n',
  mode: '100644' | '100755' | '120000' = '100644',
): Change {
  return { path, type: 'put', mode, bytes: Buffer.from(content) };
}

export function aSubmission(changes: Partial<Submission> = {}): Submission {
  return {
    title: 'Add a total to the cart',
    summary: 'The cart shows a total now.\n\nStart reading at `src/cart.js`.',
    tests: [{ name: 'test/cart.test.js', proves: 'the total is the sum of the prices' }],
    recommendations: [{ to: 'frontend-developer', text: 'show the total' }],
    checklist: [
      { item: 'Input is validated', state: 'done', evidence: 'prices are checked' },
      { item: 'Migrations are reversible', state: 'not applicable', evidence: 'there is no schema' },
      { item: 'Errors are logged', state: 'open', evidence: 'no logger yet' },
    ],
    ...changes,
  };
}

export function aRun(changes: Partial<AgentRun> = {}): AgentRun {
  return {
    stop: 'submitted',
    stopDetail: '',
    submission: aSubmission(),
    changes: [put('src/cart.js', 'export const total = 1;\n'), put('test/cart.test.js', 'test\n')],
    usage: {
      turns: 7,
      usd: 0.421,
      inputTokens: 1,
      outputTokens: 1,
      cacheReadTokens: 1,
      cacheWriteTokens: 1,
      durationMs: 192_000,
    },
    model: 'claude-opus-5-5',
    notes: [],
    ...changes,
  };
}

export function aCheck(changes: Partial<CheckRun> = {}): CheckRun {
  return { name: 'test', command: 'npm test', passed: true, exitCode: 0, durationMs: 1234, output: 'ok', ...changes };
}

export function aProof(changes: Partial<Proof> = {}): Proof {
  return {
    verdict: 'proved',
    baseSha: 'b'.repeat(40),
    baseline: [aCheck()],
    checks: [aCheck({ name: 'install', command: 'npm ci' }), aCheck()],
    redGreen: [{ path: 'test/cart.test.js', command: 'node --test', base: 'fails', head: 'passes' }],
    notes: [],
    ...changes,
  };
}

export function aJob({ plan, request }: { plan?: Partial<Job['plan']>; request?: Partial<WorkRequest> } = {}): Job {
  return {
    id: '0b0e7f3e-3f0c-4b5e-9f61-0a9b1f6f7c55',
    request: {
      verb: 'implement',
      said: 'implement',
      via: 'label',
      trigger: 'backend',
      repository: { id: 1, owner: 'acme', name: 'shop', installationId: 2 },
      subject: { kind: 'issue', number: 1 },
      sender: { id: 583231, login: 'mona', type: 'User' },
      requestedAt: '2026-03-01T10:00:00Z',
      seen: { title: 'Cart has no total', body: '' },
      instruction: '',
      source: { type: 'issue' },
      intention: 'label:1:2026-03-01T10:00:00Z',
      round: 0,
      ...request,
    },
    plan: {
      agent: 'backend-developer',
      base: { branch: 'main', sha: 'b'.repeat(40) },
      branch: 'backend/1-total',
      budget: { usd: 5, turns: 200, minutes: 60 },
      draft: false,
      checks: {},
      allowedHosts: [],
      protectedPaths: [],
      preferencesPath: 'PREFERENCES.md',
      ...plan,
    },
  };
}

/** A base commit with these text files. */
export function aWorkspace(
  files: Readonly<Record<string, string>> = {},
  peculiarities: readonly string[] = [],
): FinishedWork['workspace'] {
  const entries = Object.keys(files).map((path): TreeEntry => ({ path, mode: '100644', sha: '0'.repeat(40) }));
  return { files: entries, readText: async (path) => files[path], peculiarities };
}

export function aWork(changes: Partial<FinishedWork> = {}): FinishedWork {
  return { run: aRun(), proof: aProof(), workspace: aWorkspace(), ...changes };
}

/** The store's contract for effects, in memory: what was confirmed is not looked for again. */
export function aLedger(): Effects {
  const confirmed = new Map<string, unknown>();
  return {
    async ensure<T>(
      key: string,
      { look, make }: { look: () => Promise<T | undefined>; make: () => Promise<T> },
    ): Promise<T> {
      if (confirmed.has(key)) return confirmed.get(key) as T; // what the same key gave before
      const value = (await look()) ?? (await make());
      confirmed.set(key, JSON.parse(JSON.stringify(value)) as T);
      return value;
    },
  };
}

/** A job on issue #1 of the world's repository, with everything that publishing takes. */
export async function aDesk(world: GitHubWorld, changes: Parameters<typeof aJob>[0] = {}) {
  await world.standIn.openIssue(world.repo, { title: 'Cart has no total', by: 'mona' });
  const sha = (await world.repo.branchSha('main')) ?? '';
  const job = aJob({
    plan: { base: { branch: 'main', sha }, ...changes.plan },
    request: { repository: identityOf(world.repo), ...changes.request },
  });
  const deps = {
    client: world.client,
    effects: aLedger(),
    bot: await world.github.identity(),
    settings: { publicUrl: 'https://bot.example' },
  };
  return { job, deps };
}
