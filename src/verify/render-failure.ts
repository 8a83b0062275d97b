import type { CheckRun, Proof, RedGreen } from '../domain/index.ts';
import { wasRedBefore } from './verdict.ts';

/** All of a failure's text: enough for the model to find the cause, little enough to leave room for mending it. */
const maxCharacters = 20_000;

/** Kept for everything but the commands' output. */
const overhead = 4_000;

/** What failed, for the model: each command with its exit code and output, and the tests that don't show what they should. */
export function renderFailure(proof: Proof): string {
  const failing = failingChecks(proof);
  const share = Math.floor((maxCharacters - overhead) / Math.max(1, failing.length));
  const text = [
    'The host ran your change on a fresh checkout of the base commit. It is not proved yet:',
    ...failing.map((run) => renderRun(run, share)),
    ...renderTests(proof.redGreen),
    ...(proof.notes.length === 0 ? [] : [`Notes:\n${proof.notes.map((note) => `- ${note}`).join('\n')}`]),
    'Find the cause, mend it in the work tree, run the command yourself, then submit again.',
  ].join('\n\n');
  return cut(text, maxCharacters);
}

/** The checks the change is answerable for; when a new test fails inside a run that was red before, that run too. */
function failingChecks({ baseline, checks, redGreen }: Proof): readonly CheckRun[] {
  const isTestFailing = redGreen.some(({ head }) => head === 'fails');
  return checks.filter(
    (run) => !run.passed && (!wasRedBefore(run, baseline) || (run.name === 'test' && isTestFailing)),
  );
}

function renderRun({ name, command, exitCode, output }: CheckRun, share: number): string {
  const ended = exitCode === null ? 'was stopped at its time limit' : `exited with ${String(exitCode)}`;
  return `${name}: \`${command}\` ${ended}.\n<output>\n${cut(output.trim(), share)}\n</output>`;
}

function renderTests(redGreen: readonly RedGreen[]): readonly string[] {
  const lines = redGreen.flatMap(({ path, command, base, head }) => {
    if (head === 'fails') return [`- \`${path}\` fails with your change (\`${command}\`).`];
    if (base === 'passes')
      return [`- \`${path}\` passes without your change too (\`${command}\`), so it proves nothing.`];
    return [];
  });
  return lines.length === 0 ? [] : [`Tests you added or changed:\n${lines.join('\n')}`];
}

/** The beginning and the end of a text, which say most, with the number of characters left out between them. */
function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const half = Math.floor((limit - 60) / 2);
  const left = text.length - 2 * half;
  return `${text.slice(0, half)}\n[… ${String(left)} characters left out …]\n${text.slice(-half)}`;
}
