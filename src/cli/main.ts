/** `npm run backend -- <command>`. */
import { takeEnvironment } from '../config.ts';
import { examine, type Finding } from './doctor.ts';

const signs: Readonly<Record<Finding['verdict'], string>> = { good: '✓', warned: '!', bad: '✗' };

const usage = `Usage: npm run backend -- <command>

  doctor   checks everything a start needs, each failure with its remedy; exit code 1 when the service would not start`;

async function main([command, ...rest]: readonly string[]): Promise<number> {
  if (command !== 'doctor' || rest.length > 0) {
    console.error(command === undefined ? usage : `There is no command "${[command, ...rest].join(' ')}".\n\n${usage}`);
    return 2;
  }
  let isReady = true;
  for await (const { check, verdict, words } of examine(takeEnvironment())) {
    console.log(`${signs[verdict]} ${check}: ${words.replaceAll('\n', '\n  ')}`);
    if (verdict === 'bad') isReady = false;
  }
  console.log(isReady ? '\nReady: npm start' : '\nNot ready: mend what is marked with ✗ and ask again.');
  return isReady ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
