import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cheapReply } from '../faults/cheap.ts';
import { hang, reply, toolUse } from '../stand-ins/model/index.ts';
import { labelCheapIssue, startWorld, unboxed } from './world.ts';

it(
  'RL-15: adopts what was published when its database comes back from an older backup',
  { timeout: 120_000 },
  async () => {
    let life: 'before the backup' | 'after it' | 'restored' = 'before the backup';
    await using world = await startWorld({
      environment: unboxed,
      script: (request, turn) => {
        if (turn === 1) return cheapReply(request);
        if (life === 'before the backup') return hang();
        // A model never says the same twice: what it does now differs from what was published.
        const again = toolUse('Write', { file_path: 'other.txt', content: 'another way\n' });
        return life === 'restored' && turn === 2 ? reply(again) : cheapReply(request);
      },
    });
    const { github, dataDir } = world;
    const { repository, issue } = await labelCheapIssue(github);
    await world.model.received(2);
    await world.app.stop();
    const backup = join(dataDir, 'backup');
    await cp(join(dataDir, 'database'), backup, { recursive: true });
    life = 'after it';
    await world.restart();
    await world.idle();
    const published = repository.pulls();
    expect(published).toHaveLength(1);

    await world.app.stop();
    await rm(join(dataDir, 'database'), { recursive: true });
    await cp(backup, join(dataDir, 'database'), { recursive: true });
    life = 'restored';
    await world.restart();
    await world.idle();
    expect(world.model.requests.filter(({ lastText }) => lastText.includes('other.txt'))).not.toEqual([]);
    expect(repository.pulls().map(({ number, headSha }) => [number, headSha])).toEqual(
      published.map(({ number, headSha }) => [number, headSha]),
    );
    expect(await repository.branches()).toHaveLength(2);
    expect(repository.comments(issue.number).map(({ body }) => body)).toEqual([
      expect.stringContaining('pull request #2'),
    ]);
  },
);
