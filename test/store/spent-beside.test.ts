import { describe, expect, it } from 'vitest';
import type { WorkRequest } from '../../src/domain/index.ts';
import { aClaim, aJob, aRequest } from './builders.ts';
import { kinds } from './databases.ts';
import { useOneStore } from './rigs.ts';

describe.each(kinds)('what other work on the same thing cost (%s)', (_, start) => {
  const rig = useOneStore(start);

  /** A job that cost something, and published that pull request if one is said. Answers what it hears of the others. */
  async function work(usd: number, number: number, changes: Partial<WorkRequest> = {}, pullNumber?: number) {
    const { store, repository } = rig();
    const subject = { kind: 'issue', number } as const;
    const { claim, stop } = await aClaim(store, await aJob(store, { repository, subject, ...changes }));
    const beside = await store.spentBeside(claim);
    await store.journal(claim).append('reply', {}, usd);
    const published = { type: 'published', pullNumber: pullNumber ?? 0, url: '', draft: true } as const;
    await store.finish(claim, pullNumber === undefined ? { type: 'answered' } : published);
    await stop();
    return beside;
  }

  it('counts the issue and its pull requests together, whichever is asked, and nothing else', async () => {
    const elsewhere = { repository: { ...aRequest().repository, id: 987_654 } };
    await work(8, 12, { ...elsewhere, intention: 'comment:0' }, 40);
    await work(4, 13, { intention: 'comment:1' });
    expect(await work(0.5, 12, { intention: 'comment:2' })).toEqual({ usd: 0, jobs: 0 });
    expect(await work(1, 12, { intention: 'comment:3' }, 40)).toEqual({ usd: 0.5, jobs: 1 });
    expect(await work(0, 40, { intention: 'comment:4' }, 40)).toEqual({ usd: 1.5, jobs: 2 });
    expect(await work(2, 40, { intention: 'comment:5' }, 40)).toEqual({ usd: 1.5, jobs: 2 });
    expect(await work(1, 12, { intention: 'comment:6' })).toEqual({ usd: 3.5, jobs: 3 });
  });
});
