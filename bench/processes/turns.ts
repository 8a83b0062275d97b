import { setTimeout as sleep } from 'node:timers/promises';
import Anthropic from '@anthropic-ai/sdk';
import { runAgent } from '../../src/agent/index.ts';
import { describeTools } from '../../src/agent/tools.ts';
import { createModel } from '../../src/model/index.ts';
import { toolNames } from '../../src/sandbox/index.ts';
import { openStore } from '../../src/store/index.ts';
import { aDefinition, aPrompt } from '../../test/agent/builders.ts';
import { aClaim, aJob } from '../../test/store/builders.ts';
import { serveCommands } from '../child.ts';
import { box, noJournal, result } from './quick-doors.ts';

export interface Place {
  readonly url: string;
  readonly apiKey: string;
  /** Where the embedded database is made. */
  readonly dataDir: string;
}

/** What one run took in this process, in ms. */
export interface Spent {
  readonly cpuMs: number;
  /** CPU that the open store takes in that time without doing anything for the run: its queue looks for work. */
  readonly idleCpuMs: number;
}

const idleMs = 5_000;

/** One run in this process, by our loop or by the least that the SDK needs. */
serveCommands({
  bare: async (place: Place): Promise<Spent> => ({ ...(await spentBy(() => runBare(place))), idleCpuMs: 0 }),
  async ours(place: Place): Promise<Spent> {
    const kept: Kept = { journal: noJournal, spent: () => undefined };
    return { ...(await spentBy(() => runOurs(place, kept))), idleCpuMs: 0 };
  },
  async journalled(place: Place): Promise<Spent> {
    await using store = await openStore({ dataDir: place.dataDir });
    const { claim, stop } = await aClaim(store, await aJob(store));
    const idle = await spentBy(() => sleep(idleMs));
    const kept: Kept = { journal: store.journal(claim), spent: () => undefined };
    const { cpuMs, wallMs } = await spentBy(() => runOurs(place, kept));
    await stop();
    return { cpuMs, idleCpuMs: (wallMs * idle.cpuMs) / idle.wallMs };
  },
});

async function spentBy(run: () => Promise<void>): Promise<{ cpuMs: number; wallMs: number }> {
  const before = process.cpuUsage();
  const startedAt = performance.now();
  await run();
  const { user, system } = process.cpuUsage(before);
  return { cpuMs: (user + system) / 1_000, wallMs: performance.now() - startedAt };
}

async function runBare({ url, apiKey }: Place): Promise<void> {
  const client = new Anthropic({ apiKey, baseURL: url, maxRetries: 0 });
  const tools = [...describeTools(aDefinition.tools, 'work')];
  const messages: Anthropic.MessageParam[] = [{ role: 'user', content: aPrompt.task }];
  for (;;) {
    const message = await client.messages
      .stream({
        model: 'claude-sonnet-5-5',
        max_tokens: 32_000,
        system: aPrompt.system,
        tools,
        cache_control: { type: 'ephemeral' },
        messages,
      })
      .finalMessage();
    const uses = message.content.filter((block) => block.type === 'tool_use');
    if (uses.some(({ name }) => name === 'Submit')) return;
    messages.push({ role: 'assistant', content: message.content });
    const content = uses.map(({ id }) => ({ type: 'tool_result' as const, tool_use_id: id, content: result }));
    messages.push({ role: 'user', content });
  }
}

type Kept = Pick<Parameters<typeof runAgent>[1], 'journal' | 'spent'>;

async function runOurs({ url, apiKey }: Place, kept: Kept): Promise<void> {
  const model = createModel({ apiKey, baseUrl: url });
  const budget = { usd: 100_000, turns: 1_000, minutes: 600 };
  const { signal } = new AbortController();
  const run = await runAgent(
    {
      prompt: aPrompt,
      definition: { ...aDefinition, tools: toolNames },
      box,
      budget,
      attempt: 1,
      wantedModel: 'sonnet',
      signal,
    },
    { ...kept, model, report: () => undefined, steering: async () => [], now: Date.now },
  );
  if (run.stop !== 'submitted') throw new Error(`The run ended with ${run.stop}: ${run.stopDetail}`);
}
