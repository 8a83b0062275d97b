import { styleText } from 'node:util';
import type { RepositoryHandle } from '../stand-ins/github/index.ts';

/** A pull request of the stand-in as text: title, body without our markers, commits, checks, difference. */
export async function describePull(
  number: number,
  repository: RepositoryHandle,
): Promise<{ text: string; isProved: boolean }> {
  const pull = repository.pull(number);
  if (!pull) throw new Error(`there is no pull request ${number}`);
  const checkRuns = repository.checkRuns(pull.headSha);
  const commits = await repository.commits(`${pull.baseSha}..${pull.headSha}`);
  const difference = await repository.diff(pull.baseSha, pull.headSha);
  const text = [
    '',
    rule('the pull request'),
    styleText('bold', `${pull.title} #${pull.number}`) + (pull.draft ? ' (draft)' : ''),
    `${pull.head} → ${pull.base}`,
    ...commits.map(
      ({ sha, message, verified }) =>
        `${sha.slice(0, 7)} ${message.split('\n')[0] ?? ''}${verified ? styleText('green', ' Verified') : ''}`,
    ),
    ...checkRuns.map(
      ({ name, conclusion, title }) =>
        `${conclusion === 'success' ? styleText('green', '✓') : styleText('red', '✗')} ${name}: ${title ?? ''}`,
    ),
    '',
    pull.body.replaceAll(/<!--[\s\S]*?-->\n?/g, ''),
    '',
    rule('the difference'),
    colour(difference),
  ].join('\n');
  return { text, isProved: checkRuns.some(({ conclusion }) => conclusion === 'success') };
}

function rule(title: string): string {
  return styleText('cyan', `── ${title} ${'─'.repeat(Math.max(0, 74 - title.length))}`);
}

function colour(difference: string): string {
  return difference
    .split('\n')
    .map((line) => {
      if (/^(\+\+\+|---|diff|index|@@)/.test(line)) return styleText('gray', line);
      if (line.startsWith('+')) return styleText('green', line);
      return line.startsWith('-') ? styleText('red', line) : line;
    })
    .join('\n');
}
