import type { ChangeSet, CheckRun, Proof } from '../domain/index.ts';
import type { Annotation, CheckRunContent } from '../github/index.ts';
import type { Doors } from './comments.ts';
import { renderEvidence, withoutColours } from '../account/index.ts';
import { cutMarkdown } from '../markdown/index.ts';

export const checkRunName = 'backend-developer';

export interface CheckRunFacts {
  readonly headSha: string;
  readonly proof: Proof | undefined;
  readonly changes: ChangeSet;
  readonly notes: readonly string[];
  readonly runUrl: string | undefined;
}

/** One check run per head with the verification table, however often this is called. */
export async function ensureCheckRun(facts: CheckRunFacts, { client, effects }: Doors): Promise<void> {
  await effects.ensure(`check-run:${facts.headSha}`, {
    look: async () => (await client.checkRuns(facts.headSha, checkRunName))[0]?.id,
    make: async () => (await client.createCheckRun(renderCheckRun(facts))).id,
  });
}

const conclusions = { proved: 'success', failed: 'failure', unproved: 'neutral' } as const;
const titles = {
  proved: 'Every check passes',
  failed: 'A check fails',
  unproved: 'Nothing could be proved: no test that we could run',
} as const;

export function renderCheckRun({ headSha, proof, changes, notes, runUrl }: CheckRunFacts): CheckRunContent {
  const failing = proof?.checks.filter(({ passed }) => !passed) ?? [];
  return {
    name: checkRunName,
    headSha,
    conclusion: proof ? conclusions[proof.verdict] : 'neutral',
    title: proof ? titles[proof.verdict] : 'Not verified',
    summary: renderSummary(proof, notes),
    annotations: readAnnotations(failing, changes),
    ...(runUrl !== undefined && { detailsUrl: runUrl }),
  };
}

/** GitHub takes 65,535 characters. */
function renderSummary(proof: Proof | undefined, notes: readonly string[]): string {
  const sizes = [8000, 2000, 0].map((outputLimit) => renderEvidence({ proof, notes, outputLimit }));
  return sizes.find((text) => text.length <= 65_000) ?? cutMarkdown(sizes.at(-1) ?? '', 65_000);
}

/** Where test runners and compilers say "this file, this line". The first group is the path, the second the line. */
const places: readonly RegExp[] = [
  // Python tracebacks: File "tests/test_a.py", line 12, in test_it
  /File "([^"\n]{1,500})", line (\d{1,7})/,
  // TypeScript: src/a.ts(12,5): error TS2322
  /([\w@./-]{1,500})\((\d{1,7}),\d{1,7}\): error/,
  // Node stacks, pytest, Go and most others: path:line, with or without a column
  /([\w@./-]{1,500}\.[A-Za-z]{1,5}):(\d{1,7})\b/,
];
const maxAnnotations = 100;

/** Failures that can be shown beside the line they name: only in files of this change, where people look. */
export function readAnnotations(failing: readonly CheckRun[], changes: ChangeSet): Annotation[] {
  const paths = changes.filter(({ type }) => type === 'put').map(({ path }) => path);
  const found = new Map<string, Annotation>();
  for (const { name, output } of failing) {
    const lines = withoutColours(output).split('\n');
    for (const [index, text] of lines.entries()) {
      const place = readPlace(text.slice(0, 2000), paths);
      if (!place || found.has(`${place.path}:${place.line}`)) continue;
      const message = `${name} fails here:\n${lines
        .slice(Math.max(0, index - 2), index + 4)
        .join('\n')
        .trim()}`;
      found.set(`${place.path}:${place.line}`, {
        ...place,
        level: 'failure',
        message: message.slice(0, 2000).toWellFormed(),
      });
    }
  }
  return [...found.values()].slice(0, maxAnnotations);
}

function readPlace(text: string, paths: readonly string[]): { path: string; line: number } | undefined {
  for (const pattern of places) {
    const [, said, line] = pattern.exec(text) ?? [];
    const path = said === undefined ? undefined : pathOf(said, paths);
    if (path !== undefined && Number(line) > 0) return { path, line: Number(line) };
  }
  return undefined;
}

/** Outputs name files from other roots: absolute in the box, or, as Go does, by their last part alone. */
function pathOf(said: string, paths: readonly string[]): string | undefined {
  const plain = said.replace(/^(?:file:\/\/|\.\/)+/, '');
  const whole = paths.find((path) => plain === path || plain.endsWith(`/${path}`));
  if (whole !== undefined || plain.includes('/')) return whole;
  const byName = paths.filter((path) => path.endsWith(`/${plain}`));
  return byName.length === 1 ? byName[0] : undefined;
}
