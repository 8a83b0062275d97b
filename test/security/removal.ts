import { mkdirSync, existsSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { keepDelivery } from '../../src/keep-delivery.ts';
import type { Store } from '../../src/store/index.ts';
import { aClaim, aJob, aRequest } from '../store/builders.ts';
import { startServer, type TestDatabase } from '../store/databases.ts';
import { once, sharedClass, type Case } from './case.ts';
import { recorded, replays, withInstallation, type Payload, type Repository } from './replays.ts';

/** A store with one finished job whose rows and mirror are all there, as on any day. */
interface Scene {
  readonly store: Store;
  readonly database: TestDatabase;
  readonly jobId: string;
  readonly dataDir: string;
  /** Words that only this scene's issue has, and only what the model said of it. */
  readonly title: string;
  readonly said: string;
  readonly repository: Repository & { readonly owner: string; readonly name: string };
}

interface Ground {
  readonly open: () => Promise<Scene>;
}

type Shared = Pick<Scene, 'store' | 'database' | 'dataDir'>;

async function openScene(shared: Shared, ids: { id: number; installationId: number }): Promise<Scene> {
  const { store, dataDir } = shared;
  const [title, said] = [`issue ${randomUUID()}`, `said ${randomUUID()}`];
  const repository = { owner: 'acme', name: `shop-${ids.id}`, ...ids };
  const jobId = await aJob(store, { ...aRequest({ repository, seen: { title, body: 'It is too long.' } }) });
  const { claim, stop } = await aClaim(store, jobId);
  await store.journal(claim).append('turn', { text: said });
  await store.journal(claim).saveChanges([{ type: 'put', path: 'a', mode: '100644', bytes: Buffer.from(said) }]);
  await store.finish(claim, { type: 'answered' });
  await stop();
  mkdirSync(join(dataDir, 'mirrors', String(ids.id)), { recursive: true });
  return { ...shared, jobId, title, said, repository };
}

/** What is left of it: words in rows, and the mirror. */
async function leftovers({
  store,
  jobId,
  dataDir,
  title,
  said,
  repository,
}: Scene): Promise<Readonly<Record<string, boolean>>> {
  const transcript = JSON.stringify(await store.transcript(jobId));
  return {
    'the transcript': transcript.includes(said),
    'the words of the issue': JSON.stringify(await store.run(jobId)).includes(title) || transcript.includes(title),
    'the mirror of the code': existsSync(join(dataDir, 'mirrors', String(repository.id))),
  };
}

/** Everything that is in the database, whatever table: the words that a thief would look for. */
async function isInRows({ database }: Scene, words: string): Promise<boolean> {
  return database.inspect(async (sql) => {
    const tables = await sql("select table_name as name from information_schema.tables where table_schema = 'backend'");
    for (const { name } of tables) {
      const rows = await sql(`select t::text as row from backend.${String(name)} t`);
      const hex = Buffer.from(words).toString('hex');
      if (rows.some(({ row }) => String(row).includes(words) || String(row).includes(hex))) return true;
    }
    return false;
  });
}

function deliver({ store, dataDir }: Scene, event: string, payload: Payload) {
  const deps = { store, log: pino({ level: 'silent' }), settings: { appId: 4711, dataDir }, now: Date.now };
  return keepDelivery(
    { id: randomUUID(), event, payload, bodyHash: randomUUID() },
    deps as unknown as Parameters<typeof keepDelivery>[1], // of the settings it needs these two
  );
}

/** What GitHub sends when access ends, for that installation and repository. */
const removals: readonly (readonly [name: string, event: string, payload: (scene: Scene) => Payload])[] = [
  [
    'uninstalls the App',
    'installation',
    ({ repository }) => withInstallation(recorded('installation.deleted'), repository),
  ],
  [
    'takes the repository from the App',
    'installation_repositories',
    ({ repository }) => ({
      ...withInstallation(recorded('installation_repositories.removed'), repository),
      repositories_removed: [{ id: repository.id, name: repository.name }],
    }),
  ],
  [
    'deletes the repository',
    'repository',
    ({ repository }) => withInstallation(recorded('repository.deleted'), repository),
  ],
];

function removalCases({ open }: Ground): Case[] {
  const gone = ['the transcript', 'the words of the issue', 'the mirror of the code'];
  const twin = once(async () => {
    const scene = await open();
    const other = removals[0]?.[2]({ ...scene, repository: { ...scene.repository, installationId: 1 } }) ?? {};
    await deliver(scene, 'installation', other); // somebody else's installation
    return Object.values(await leftovers(scene)).filter(Boolean).length >= 2;
  });
  return removals.flatMap(([name, event, payload]) =>
    gone.map((what) => ({
      id: 'D38',
      name: `${what} stays after somebody ${name}`,
      baseline: async () => {
        const scene = await open(); // and nothing is done about it
        return what === 'the words of the issue'
          ? isInRows(scene, scene.title)
          : (await leftovers(scene))[what] === true;
      },
      attack: async () => {
        const scene = await open();
        await deliver(scene, event, payload(scene));
        if ((await leftovers(scene))[what]) return true;
        return (await isInRows(scene, scene.title)) || (await isInRows(scene, scene.said));
      },
      twin,
    })),
  );
}

/** Erases what a delivery names, as it says: the header tells the kind, the body the installation. */
async function eraseNaively({ store }: Scene, payload: Payload): Promise<void> {
  await store.forget(Number((payload['installation'] as Payload)['id']));
}

function replayCases({ open }: Ground): Case[] {
  const twin = once(async () => {
    const scene = await open();
    await deliver(scene, 'installation', removals[0]?.[2](scene) ?? {});
    return !Object.values(await leftovers(scene)).some(Boolean); // a true one still does
  });
  return replays.map(([name, event, payload]) => ({
    id: 'D7',
    name: `${name} erases what is kept`,
    baseline: async () => {
      const scene = await open();
      await eraseNaively(scene, payload(scene.repository));
      return !(await leftovers(scene))['the transcript'];
    },
    attack: async () => {
      const scene = await open();
      await deliver(scene, event, payload(scene.repository));
      const left = await leftovers(scene);
      return !left['the transcript'] || !left['the mirror of the code'];
    },
    twin,
  }));
}

/** Transcripts have an age at which they go. */
function retentionCases({ open }: Ground): Case[] {
  const ageMs = 15 * 24 * 60 * 60_000;
  return [
    {
      id: 'D38',
      name: 'the transcript and the bytes of changed files can be read after their time',
      baseline: async () => {
        const scene = await open();
        return isInRows(scene, scene.said);
      },
      attack: async () => {
        const scene = await open();
        await scene.store.purge(Date.now() + ageMs); // as the sweep does once they are that old
        return isInRows(scene, scene.said);
      },
      twin: async () => {
        const scene = await open();
        await scene.store.purge(Date.now() - ageMs);
        return isInRows(scene, scene.said);
      },
    },
  ];
}

export const removal = sharedClass('removal', async (ends) => {
  const databases = ends.use(await startServer());
  const database = ends.use(await databases.create());
  const store = await database.open();
  const dataDir = mkdtempSync(join(tmpdir(), 'attack-removal-'));
  ends.defer(() => rm(dataDir, { recursive: true, force: true }));
  let count = 7000;
  const ground: Ground = {
    open: () => {
      count += 1;
      return openScene({ store, database, dataDir }, { id: count * 10, installationId: count });
    },
  };
  return [...removalCases(ground), ...replayCases(ground), ...retentionCases(ground)];
});
