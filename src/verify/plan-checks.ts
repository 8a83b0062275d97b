import type { CheckRun, Plan } from '../domain/index.ts';
import type { Stack } from './stack.ts';
import { quote } from './stack.ts';

/** What to run on a repository, for the baseline and for the proof alike. */
export interface CheckPlan {
  /** The install step, the only one with network; undefined when nothing has to be installed. */
  readonly setup?: string;
  /** In the order they run. A repository with several projects may have several of one name. */
  readonly checks: readonly { readonly name: CheckRun['name']; readonly command: string }[];
  readonly allowedHosts: readonly string[];
  /** Registries that the repository's own files name, with the file: for the words about a host that was refused. */
  readonly namedRegistries?: ReadonlyMap<string, string>;
  /** Stacks and frameworks, for the knowledge the agent is given: `['node', 'express']`. */
  readonly stackNames: readonly string[];
  /** The command that runs one test file alone; undefined when the file holds no test or we don't know its runner. */
  testFileCommand(path: string, text: string): string | undefined;
  /** Whether a file belongs to tests: the tests themselves and what only they read. */
  isTestFile(path: string): boolean;
}

/** Cheap checks first: their failures are the ones that explain the others. */
const checkOrder = ['types', 'lint', 'test'] as const;

/** The commands to run: what the repository's settings name, otherwise what its stacks bring. */
export function planChecks(plan: Pick<Plan, 'setup' | 'checks' | 'allowedHosts'>, stacks: readonly Stack[]): CheckPlan {
  const setup = plan.setup ?? joined(stacks);
  return {
    ...(setup !== '' && { setup }),
    checks: checkOrder.flatMap((name) => commandsFor(name, plan.checks[name], stacks)),
    allowedHosts: [...new Set([...stacks.flatMap(({ registries }) => registries), ...plan.allowedHosts])],
    namedRegistries: new Map(stacks.flatMap(({ namedRegistries }) => [...namedRegistries])),
    stackNames: [...new Set(stacks.flatMap(({ name, frameworks }) => [name, ...frameworks]))],
    isTestFile: (path) => stacks.some((stack) => stack.isTestFile(path)),
    testFileCommand: (path, text) => testFileCommand(stacks, path, text),
  };
}

function joined(stacks: readonly Stack[]): string {
  const installs = stacks.flatMap(({ folder, commands, isInstalledByRoot }) =>
    commands.install === undefined || isInstalledByRoot ? [] : [inFolder(folder, commands.install)],
  );
  return installs.join(' && ');
}

function commandsFor(
  name: (typeof checkOrder)[number],
  named: string | undefined,
  stacks: readonly Stack[],
): CheckPlan['checks'] {
  if (named !== undefined) return named.trim() === '' ? [] : [{ name, command: named }];
  return stacks.flatMap(({ folder, commands }) => {
    const command = commands[name];
    return command === undefined ? [] : [{ name, command: inFolder(folder, command) }];
  });
}

/** In a shell of its own, so that the next command starts in the root again. */
function inFolder(folder: string, command: string): string {
  return folder === '' ? command : `(cd ${quote(folder)} && ${command})`;
}

/** The innermost project that knows how to run the file. */
function testFileCommand(stacks: readonly Stack[], path: string, text: string): string | undefined {
  const around = stacks
    .filter(({ folder }) => folder === '' || path.startsWith(`${folder}/`))
    .sort((one, other) => other.folder.length - one.folder.length);
  for (const { folder, commands } of around) {
    const command = commands.testFile(folder === '' ? path : path.slice(folder.length + 1), text);
    if (command !== undefined) return inFolder(folder, command);
  }
  return undefined;
}
