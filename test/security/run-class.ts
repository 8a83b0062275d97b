import type { AttackClass, Case } from './case.ts';

/** Whether it worked; words when it broke down or took too long. */
export type Said = boolean | string;

export interface CaseResult {
  readonly class: string;
  readonly id: string;
  readonly name: string;
  readonly baseline: Said;
  readonly attack: Said;
  readonly twin: Said;
  readonly ms: number;
}

/** Longer than any case takes; what goes on then hangs. */
const limitMs = 60_000;

/** Runs the cases of a class one after the other, telling each result. A class that cannot be opened is one result that deviates. */
export async function runClass(
  { name, open }: AttackClass,
  tell: (result: CaseResult) => void,
  isEnough: (result: CaseResult) => boolean = () => false,
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  const add = (result: CaseResult) => {
    results.push(result);
    tell(result);
  };
  const startedAt = performance.now();
  try {
    await using opened = await open();
    for (const one of opened.cases) {
      add(await runCase(name, one));
      if (results.slice(-1).some(isEnough)) break;
    }
  } catch (error) {
    const broken = `the class broke down: ${wordsOf(error)}`;
    const ms = performance.now() - startedAt;
    add({ class: name, id: '-', name: broken, baseline: broken, attack: broken, twin: broken, ms });
  }
  return results;
}

async function runCase(className: string, { id, name, ...tries }: Case): Promise<CaseResult> {
  const startedAt = performance.now();
  const baseline = await tryOne(tries.baseline);
  const attack = await tryOne(tries.attack);
  const twin = await tryOne(tries.twin);
  return { class: className, id, name, baseline, attack, twin, ms: performance.now() - startedAt };
}

async function tryOne(attempt: Case['attack']): Promise<Said> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, limitMs, `it went on for more than ${limitMs / 1000} s`);
  });
  try {
    return await Promise.race([Promise.resolve().then(attempt), late]);
  } catch (error) {
    return wordsOf(error);
  } finally {
    clearTimeout(timer);
  }
}

/** What is wrong with a result, one sentence each; empty when all is as it must be. */
export function deviationsOf({ baseline, attack, twin }: CaseResult): readonly string[] {
  const words = (said: Said): string => (typeof said === 'string' ? `: ${said}` : '');
  return [
    baseline === true ? '' : `the baseline does not work${words(baseline)}`,
    attack === false ? '' : attack === true ? 'THE ATTACK WORKS' : `the attack broke down${words(attack)}`,
    twin === true ? '' : `the benign twin does not work${words(twin)}`,
  ].filter(Boolean);
}

function wordsOf(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  return words === '' ? 'an error without words' : words;
}
