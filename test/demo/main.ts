import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import type { Outcome, Progress } from '../../src/domain/index.ts';
import { describePull } from './describe-pull.ts';
import { openStage, type ModelPlace, type Stage } from './stage.ts';
import { createTerminal } from './terminal.ts';

const arguments_ = process.argv.slice(2);
const unknown = arguments_.filter((argument) => !['--ci', '--keep'].includes(argument));
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(' ')}. Use: npm run demo [-- --keep | --ci]`);
  process.exit(2);
}
const isCi = arguments_.includes('--ci');
const isKept = arguments_.includes('--keep');
process.exit(await main());

/** One issue from label to pull request, on the terminal. Answers the exit code. */
async function main(): Promise<number> {
  const terminal = createTerminal(say);
  const place = modelPlace();
  say(
    place === 'rehearsed'
      ? 'This is a rehearsal: no ANTHROPIC_API_KEY is set, so the model is scripted. Everything else is real.'
      : 'The real model works here: ANTHROPIC_API_KEY is set, and this costs money (at most $5).',
  );
  await using stage = await openStage(place);
  process.once('SIGINT', () => void stage[Symbol.asyncDispose]().then(() => process.exit(130)));
  stage.app.progress.watch((progress) => {
    terminal.show(progress);
  });
  const ended = nextOutcome(stage);
  const issue = await stage.ask(stage.fixture.task.title, stage.fixture.task.body);
  say(`Issue   ${issue.url}\nLive    ${stage.app.url}\n`);
  const outcome = await ended;
  const isGood = await show(outcome, stage);
  if (isKept) await keepAsking(stage);
  else if (!isCi && process.stdin.isTTY)
    await waitForEnter(`\nThe pages stay up until you press Enter: ${stage.github.url} `);
  return isGood ? 0 : 1;
}

function say(text: string): void {
  console.log(text);
}

function modelPlace(): ModelPlace {
  const apiKey = process.env['ANTHROPIC_API_KEY'];
  const baseUrl = process.env['ANTHROPIC_BASE_URL'];
  return apiKey ? { apiKey, ...(baseUrl && { baseUrl }) } : 'rehearsed';
}

function nextOutcome(stage: Stage): Promise<Outcome> {
  return new Promise((resolve) => {
    const stop = stage.app.progress.watch((progress: Progress) => {
      if (progress.type !== 'outcome') return;
      stop();
      resolve(progress.outcome);
    });
  });
}

/** Prints the pull request as its reviewer would read it. True when there is one that the host's own checks proved. */
async function show(outcome: Outcome, stage: Stage): Promise<boolean> {
  if (outcome.type !== 'published') return false;
  const { text, isProved } = await describePull(outcome.pullNumber, stage.repository);
  say(text);
  say(`\n${styleText('bold', 'Pull request')}  ${outcome.url}`);
  return isProved;
}

async function keepAsking(stage: Stage): Promise<void> {
  say(
    `\nIt stays up: ${stage.github.url} (open an issue or comment there), live at ${stage.app.url}. Or type here: an issue's title, or "#2 /backend explain how it works" to comment; an empty line ends it.`,
  );
  const input = createInterface({ input: process.stdin, output: process.stdout });
  for await (const line of input) {
    if (line.trim() === '') break;
    await take(line, stage);
  }
  input.close();
}

/** `#2 text` is a comment, everything else the title of an issue. */
async function take(line: string, stage: Stage): Promise<void> {
  const [, number = '', text = ''] = /^\s*#(\d+)\s+(\S.*)$/u.exec(line) ?? [];
  if (number === '') {
    const issue = await stage.ask(line, '');
    say(`Issue   ${issue.url}`);
  } else if (stage.repository.issue(Number(number))) await stage.say(Number(number), text);
  else say(`There is no #${number}.`);
}

async function waitForEnter(question: string): Promise<void> {
  const input = createInterface({ input: process.stdin, output: process.stdout });
  await input.question(question);
  input.close();
}
