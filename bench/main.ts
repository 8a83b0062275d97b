import { measureBox } from './box.ts';
import { renderTable, type Figure } from './figure.ts';
import { measureMemory } from './memory.ts';
import { describeMachine, save } from './report.ts';
import { measureStart } from './start.ts';
import { measureTurn } from './turn.ts';
import { measureWebhook } from './webhook.ts';

interface Bench {
  readonly title: string;
  readonly measure: () => Promise<readonly Figure[]>;
}

/** By the name on the command line, in the order in which they run. */
const benches: Readonly<Record<string, Bench>> = {
  start: { title: 'Start of the service', measure: measureStart },
  box: { title: 'The box', measure: measureBox },
  turn: { title: 'CPU of an agent’s turn', measure: measureTurn },
  webhook: { title: 'Webhook intake at 50 deliveries a second', measure: measureWebhook },
  memory: { title: 'Memory', measure: measureMemory },
};

await main(process.argv.slice(2));

/** Measures what was named, or everything, and prints it. Reports and never judges: the exit code says only that it ran. */
async function main(words: readonly string[]): Promise<void> {
  const names = words.filter((word) => word !== '--save');
  const unknown = names.filter((name) => !(name in benches));
  if (unknown.length > 0) {
    console.error(
      `There is no ${unknown.join(' ')}. Use: npm run bench -- [${Object.keys(benches).join(' | ')}]… [--save]`,
    );
    process.exit(2);
  }
  const wanted = Object.entries(benches).filter(([name]) => names.length === 0 || names.includes(name));
  const machine = describeMachine();
  console.log(machine);
  const sections: string[] = [];
  for (const [name, { title, measure }] of wanted) {
    const section = `### ${title} (\`${name}\`)\n\n${renderTable(await measure())}`;
    console.log(`\n${section}`);
    sections.push(section);
  }
  const after = describeMachine();
  if (words.includes('--save')) await save([`Before: ${machine}`, `After: ${after}`, ...sections].join('\n\n'));
  process.exit(0); // the SDK's and the stand-ins' connections would keep it
}
