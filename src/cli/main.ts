/** `npm run backend -- <command>`. */
import { takeEnvironment } from '../config.ts';
import { renderSchema } from '../settings/index.ts';
import { examine, type Finding } from './doctor.ts';

const signs: Readonly<Record<Finding['verdict'], string>> = { good: '✓', warned: '!', bad: '✗' };

const usage = `Usage: npm run backend -- <command>

  doctor   checks everything a start needs, each failure with its remedy; exit code 1 when the service would not start
  schema   prints the JSON Schema of .github/backend.yml; docs/backend.schema.json is kept by
           npm run --silent backend -- schema > docs/backend.schema.json`;

const commands = new Map([
  ['doctor', runDoctor],
  ['schema', printSchema],
]);

async function main(words: readonly string[]): Promise<number> {
  const run = commands.get(words.join(' '));
  if (run !== undefined) return run();
  console.error(words.length === 0 ? usage : `There is no command "${words.join(' ')}".\n\n${usage}`);
  return 2;
}

async function printSchema(): Promise<number> {
  process.stdout.write(renderSchema());
  return 0;
}

async function runDoctor(): Promise<number> {
  let isReady = true;
  for await (const { check, verdict, words } of examine(takeEnvironment())) {
    console.log(`${signs[verdict]} ${check}: ${words.replaceAll('\n', '\n  ')}`);
    if (verdict === 'bad') isReady = false;
  }
  console.log(isReady ? '\nReady: npm start' : '\nNot ready: mend what is marked with ✗ and ask again.');
  return isReady ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
