import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { Repository } from '../../src/domain/index.ts';
import type { Store, StoreOptions } from '../../src/store/index.ts';
import { aRequest } from './builders.ts';
import type { Databases, TestDatabase } from './databases.ts';

interface Rig {
  readonly databases: Databases;
  readonly database: TestDatabase;
  readonly store: Store;
}

/** One store for all tests of a group, each with a repository of its own. What comes back says what the test at hand has. */
export function useOneStore(start: () => Promise<Databases>): () => Rig & { readonly repository: Repository } {
  const look = keepDatabases(start);
  let rig: Rig | undefined;
  let { repository } = aRequest();
  beforeAll(async () => {
    rig = await openRig(look());
  });
  afterAll(() => rig?.database[Symbol.asyncDispose]());
  beforeEach(() => {
    const id = repository.id + 1;
    repository = { ...repository, id, name: `shop-${id}` };
  });
  return () => ({ ...made(rig), repository });
}

/** A database of its own for every test. */
export function useFreshStore(start: () => Promise<Databases>, options: Partial<StoreOptions>): () => Rig {
  const look = keepDatabases(start);
  let rig: Rig | undefined;
  beforeEach(async () => {
    rig = await openRig(look(), options);
  });
  afterEach(() => rig?.database[Symbol.asyncDispose]());
  return () => made(rig);
}

/** Hooks that end run in the opposite order, so what stands on the databases ends before them. */
function keepDatabases(start: () => Promise<Databases>): () => Databases {
  let databases: Databases | undefined;
  beforeAll(async () => {
    databases = await start();
  });
  afterAll(() => databases?.[Symbol.asyncDispose]());
  return () => made(databases);
}

async function openRig(databases: Databases, options: Partial<StoreOptions> = {}): Promise<Rig> {
  const database = await databases.create();
  return { databases, database, store: await database.open(options) };
}

function made<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('asked for outside of a test');
  return value;
}
