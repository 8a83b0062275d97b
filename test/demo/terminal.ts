import { styleText } from 'node:util';
import type { Progress } from '../../src/domain/index.ts';
import { describeOutcome } from '../../src/web/index.ts';

/** Prints one line per thing that happens, with the time since the start. */
export function createTerminal(say: (line: string) => void, now: () => number = Date.now) {
  const start = now();
  const stamp = () => styleText('gray', `${((now() - start) / 1000).toFixed(1).padStart(6)} s `);
  let usd = 0;
  return {
    show(progress: Progress) {
      if (progress.type === 'turn') usd = progress.usd;
      const line = describe(progress, usd);
      if (line !== undefined) say(stamp() + line);
    },
  };
}

function describe(progress: Progress, usd: number): string | undefined {
  switch (progress.type) {
    case 'accepted':
      return styleText(
        'bold',
        `${progress.repository.owner}/${progress.repository.name} #${progress.subject.number}: ${progress.title}`,
      );
    case 'step':
      return styleText(['bold', 'cyan'], `▸ ${progress.step}`);
    case 'turn':
      return undefined;
    case 'tool':
      return `  turn ${progress.turn}  ${styleText('yellow', progress.tool.padEnd(6))} ${progress.about}${styleText('gray', `  $${usd.toFixed(3)}`)}`;
    case 'text':
      return `  turn ${progress.turn}  ${styleText('italic', firstLine(progress.text))}`;
    case 'check':
      return `  ${progress.passed ? styleText('green', '✓') : styleText('red', '✗')} ${progress.phase}: ${progress.name} ${styleText('gray', `(${(progress.durationMs / 1000).toFixed(1)} s)`)}`;
    case 'outcome':
      return styleText('bold', `▸ ${describeOutcome(progress.outcome)}`);
  }
}

function firstLine(text: string): string {
  const line = text.trim().split('\n')[0] ?? '';
  return line.length > 110 ? `${line.slice(0, 110)}…` : line;
}
