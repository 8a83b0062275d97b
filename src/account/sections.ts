import type { AgentRun, Job, Proof, SpentBeside } from '../domain/index.ts';
import type { Section } from './body.ts';
import { renderDuration, renderEvidence } from './evidence.ts';
import { codeSpan, countTurns, cutMarkdown, neutralise, neutraliseLine } from '../markdown/index.ts';

/** What checking the change set found that people are told. */
export interface PublishedFacts {
  /** Workflow files: an App without the Workflows permission cannot push them, and must not. */
  readonly leftOut: readonly string[];
  /** Published paths that need a person's eye: by their names, or because they hold new characters that hide what the file says. */
  readonly protectedPaths: readonly string[];
  /** Sentences for the pull request about what is unusual in it. */
  readonly remarks: readonly string[];
}

/** What a pull request tells. */
export interface Account {
  readonly job: Job;
  readonly run: AgentRun;
  readonly proof: Proof | undefined;
  readonly checked: PublishedFacts;
  /** Sentences for the evidence: peculiarities, hosts that were refused. */
  readonly notes: readonly string[];
  /** Address of the repository: links into it are kept. */
  readonly home: string;
  readonly runUrl: string | undefined;
  /** What tells our title from one that a person gave the pull request; undefined once one has. */
  readonly titleKey?: string | undefined;
  /** What other jobs on the same issue and pull request cost. */
  readonly beside?: SpentBeside | undefined;
}

/** How many characters there are for each section's text and for each failing output. */
export interface Room {
  readonly text: number;
  readonly output: number;
}

/** The sections of a pull request, in their order. */
export function renderSections(account: Account, room: Room): Section[] {
  const cut = (text: string): string => cutMarkdown(text, room.text);
  const sections: Section[] = [
    { name: 'unfinished', content: cut(renderUnfinished(account)) },
    { name: 'stacked', content: renderStacked(account) },
    {
      name: 'summary',
      heading: 'Summary',
      alsoCalled: 'description|what|what changed|changes|overview|proposed changes|what does this pr do',
      content: cut(renderSummary(account)),
    },
    {
      name: 'tests',
      heading: 'Tests',
      alsoCalled: 'test|testing|test plan|tested|how has this been tested|how to test',
      content: cut(renderTests(account)),
    },
    { name: 'evidence', heading: 'Evidence', alsoCalled: 'verification', content: renderProof(account, room) },
    { name: 'checklist', heading: 'Quality checklist', content: cut(renderChecklist(account)) },
    { name: 'recommendations', heading: 'Recommendations', content: cut(renderRecommendations(account)) },
    { name: 'closes', content: renderCloses(account) },
    { name: 'footer', content: cut(renderFooter(account)) },
    { name: 'title', content: account.titleKey === undefined ? '' : `<!-- ${account.titleKey} -->` },
  ];
  return sections.filter(({ name }) => !isKept(name, account));
}

/** What stays as it is in a pull request that work went on with: where it belongs, and an account that nobody wrote anew. */
function isKept(name: string, { job, run }: Account): boolean {
  if (job.plan.continues === undefined) return false;
  if (name === 'closes' || name === 'stacked') return true;
  return run.submission === undefined && ['summary', 'tests', 'checklist', 'recommendations'].includes(name);
}

/** Why a pull request must stay a draft, beyond the plan's own wish; empty when nothing is left to do. */
export function whatIsLeft({ run, proof, checked }: Pick<Account, 'run' | 'proof' | 'checked'>): string[] {
  const failing = proof?.checks.filter(({ passed }) => !passed).map(({ command }) => codeSpan(command)) ?? [];
  const files = checked.protectedPaths.map(codeSpan);
  const verdicts = {
    proved: [],
    failed: [`Not finished: ${failing.length > 0 ? `these checks fail: ${failing.join(', ')}` : 'a check fails'}.`],
    unproved: ['Not proved: the repository has no test that we could run.'],
  };
  const limit = neutraliseLine(run.stopDetail) || `the run ended (${run.stop})`;
  return [
    run.stop === 'submitted' ? '' : `Not finished: ${limit}`,
    ...(proof ? verdicts[proof.verdict] : ['Not finished: nothing was verified.']),
    checked.leftOut.length > 0 ? 'Not finished: workflow files were left out, see Recommendations.' : '',
    files.length > 0 ? `Needs a person’s eye before it is merged: ${files.join(', ')}.` : '',
    ...checked.remarks.map((remark) => neutraliseLine(remark)),
  ].filter(Boolean);
}

function renderUnfinished(account: Account): string {
  const { run, job } = account;
  const { command = '/backend', budget } = job.plan;
  const more = run.stop === 'budget' ? ` budget:${budget.usd}` : '';
  const goOn = `Comment ${codeSpan(`${command} continue${more}`)} to have the work go on from here.`;
  return [...whatIsLeft(account), ...(run.stop === 'submitted' ? [] : [goOn])]
    .map((line) => `> ${line.replace(/^([^:.]+):/, '**$1:**')}`)
    .join('\n>\n');
}

function renderStacked({ job: { plan } }: Account): string {
  if (plan.stackedOn === undefined) return '';
  return `Stacked on #${plan.stackedOn}: it starts from that pull request’s branch ${codeSpan(plan.base.branch)} and goes into it.`;
}

function renderSummary({ run, home }: Account): string {
  return neutralise(run.submission?.summary ?? '', home) || 'The run ended before the agent wrote a summary.';
}

function renderTests({ run, home }: Account): string {
  const tests = run.submission?.tests ?? [];
  if (tests.length === 0) return 'No tests were named.';
  return tests.map(({ name, proves }) => `- ${codeSpan(name)}: ${neutraliseLine(proves, home)}`).join('\n');
}

function renderProof({ proof, notes, home }: Account, room: Room): string {
  const own = proof?.notes.map((note) => neutraliseLine(note, home)) ?? [];
  const safe = proof && { ...proof, notes: own };
  return renderEvidence({
    proof: safe,
    notes: notes.map((note) => neutraliseLine(note, home)),
    outputLimit: room.output,
  });
}

function renderChecklist({ run, home }: Account): string {
  const items = run.submission?.checklist ?? [];
  if (items.length === 0) return 'The agent did not get to the checklist.';
  const lines = items.map(({ item, state, evidence }) => {
    const box = state === 'done' ? '[x]' : '[ ]';
    const remark = state === 'not applicable' ? '*does not apply*: ' : '';
    return `- ${box} **${neutraliseLine(item, home)}**: ${remark}${neutraliseLine(evidence, home)}`;
  });
  return `As the agent sees it; what the host measured is under Evidence.\n\n${lines.join('\n')}`;
}

function renderRecommendations({ run, checked, home }: Account): string {
  const workflows = checked.leftOut.map(
    (path) =>
      `- **a maintainer**: ${codeSpan(path)} was changed too and is left out, because this App must not push workflow files. Make that change yourself.`,
  );
  const others = (run.submission?.recommendations ?? []).map(
    ({ to, text }) => `- **${neutraliseLine(to, home)}**: ${neutraliseLine(text, home)}`,
  );
  return [...workflows, ...others].join('\n') || 'None.';
}

function renderCloses({ job }: Account): string {
  const { kind, number } = job.request.subject;
  return kind === 'issue' ? `Closes #${number}` : '';
}

function renderFooter({ job, run, home, runUrl, beside }: Account): string {
  const { usage } = run;
  const facts = [
    `agent ${codeSpan(job.plan.agent)}`,
    `model ${codeSpan(run.model)}`,
    countTurns(usage.turns),
    `$${usage.usd.toFixed(2)} of $${job.plan.budget.usd.toFixed(2)}`,
    ...renderTotal(usage.usd, beside),
    renderDuration(usage.durationMs),
    `from ${codeSpan(job.plan.base.branch)} at ${codeSpan(job.plan.base.sha.slice(0, 12))}`,
    ...(runUrl === undefined ? [] : [`[the run](${runUrl})`]),
  ];
  const notes = run.notes.map((note) => `- ${neutraliseLine(note, home)}`);
  return ['---', `*Backend Developer*: ${facts.join(' · ')}`, notes.join('\n')].filter(Boolean).join('\n\n');
}

/** What all work on an issue and its pull request cost, where there was more than this; nothing otherwise. */
export function renderTotal(usd: number, { usd: others, jobs }: SpentBeside = { usd: 0, jobs: 0 }): readonly string[] {
  return jobs === 0 ? [] : [`$${(usd + others).toFixed(2)} in all with ${jobs} other ${jobs === 1 ? 'run' : 'runs'}`];
}
