import { runHungCalls } from '../toolhost/hung-calls.ts';
import { attempt, type Options, type Result } from './result.ts';

/** Calls of a tool that hang and that no polite signal ends, each in a box of its own. */
export async function runCalls({ tell }: Options): Promise<Result> {
  return await attempt(async () => {
    const calls = await runHungCalls();
    const said = `stopped at most ${Math.max(...calls.map(({ lateMs }) => lateMs))} ms after their deadline`;
    tell(said);
    return { injected: calls.length, notes: [said] };
  });
}
