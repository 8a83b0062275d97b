import { html } from 'hono/html';
import { steps, type Outcome } from '../domain/index.ts';
import type { JournalEntry, RunSummary } from '../store/index.ts';

/** The list of runs, newest first. */
export function runList(runs: readonly RunSummary[]) {
  if (runs.length === 0)
    return html`<h1>Runs</h1>
      <p class="quiet">Nothing has been asked yet. Label an issue <code>backend</code> to see it here.</p>`;
  return html`<h1>Runs</h1>
    <table>
      <thead>
        <tr>
          <th>Issue</th>
          <th>State</th>
          <th>Cost</th>
          <th>Since</th>
        </tr>
      </thead>
      <tbody>
        ${runs.map(
          (run) =>
            html`<tr>
              <td>
                <a href="/runs/${run.jobId}">${run.repository} #${run.subjectNumber}</a>
                <span class="quiet">${run.verb}</span>
              </td>
              <td>${run.outcome ? describeOutcome(run.outcome) : `${run.state}${run.step ? `: ${run.step}` : ''}`}</td>
              <td>$${run.usd.toFixed(2)}</td>
              <td class="quiet">${run.createdAt.slice(0, 16).replace('T', ' ')}</td>
            </tr>`,
        )}
      </tbody>
    </table>`;
}

/** One run: where it is, what came of it, and everything it did so far. */
export function runPage(run: RunSummary, transcript: readonly JournalEntry[]) {
  return html`<h1>${run.repository} #${run.subjectNumber} <span class="quiet">${run.verb}</span></h1>
    ${stepList(run)} ${run.outcome ? html`<p class="outcome">${outcomeLink(run.outcome)}</p>` : ''}
    <p class="quiet">Cost so far: <span id="usd">$${run.usd.toFixed(2)}</span></p>
    <h2>What it did</h2>
    <ol class="log" id="log">
      ${transcript.flatMap(describeEntry).map(({ label, text }) => html`<li><span class="turn">${label}</span>${text}</li>`)}
    </ol>`;
}

function stepList(run: RunSummary) {
  const reached = run.step ? steps.indexOf(run.step) : -1;
  const now = run.outcome?.type === 'published' ? steps.indexOf('review') : reached;
  const state = (index: number) => (index < now ? 'done' : index === now ? 'now' : '');
  return html`<ol class="steps" id="steps">
    ${steps.map((step, index) => html`<li class="${state(index)}">${step}</li>`)}
  </ol>`;
}

function outcomeLink(outcome: Outcome) {
  return outcome.type === 'published'
    ? html`<a href="${outcome.url}">Pull request #${outcome.pullNumber}</a>${outcome.draft ? ' (draft)' : ''}`
    : describeOutcome(outcome);
}

/** An outcome in a person's words, on one line. */
export function describeOutcome(outcome: Outcome): string {
  switch (outcome.type) {
    case 'published':
      return `pull request #${outcome.pullNumber}${outcome.draft ? ' (draft)' : ''}`;
    case 'answered':
      return 'answered';
    case 'planned':
      return 'the plan waits for an answer';
    case 'stopped':
      return `stopped by ${outcome.by}`;
    case 'failed':
      return `failed at step ${outcome.step}: ${outcome.reason}`;
    default:
      return `${outcome.type.replaceAll('-', ' ')}: ${outcome.reason}`;
  }
}

interface Line {
  readonly label: string;
  readonly text: string;
}

/** The lines of a journal entry that people want to read: what the model said and which tools it used, in short. */
function describeEntry(entry: JournalEntry): readonly Line[] {
  if (entry.kind !== 'assistant') return [];
  const { content } = entry.data as { content?: readonly Record<string, unknown>[] }; // written by the agent room only
  return (content ?? []).flatMap((block): Line[] => {
    if (block['type'] === 'text') return [{ label: 'says', text: String(block['text']) }];
    if (block['type'] === 'tool_use') return [{ label: String(block['name']), text: shorten(about(block['input'])) }];
    return [];
  });
}

/** What a person wants to know of a tool use: which command, file or pattern it was about. */
function about(input: unknown): string {
  const fields = Object(input) as Record<string, unknown>; // a tool use without input has no field
  const told = ['command', 'file_path', 'pattern', 'title'].map((name) => fields[name]);
  return told.find((value) => typeof value === 'string') ?? '';
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
