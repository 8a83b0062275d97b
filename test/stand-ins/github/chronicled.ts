import type { Change } from './changes.ts';
import type { Chronicle } from './chronicle.ts';
import { isObject } from './route.ts';
import { findUser, roleOf } from './world.ts';
import type { Role, World } from './world.ts';

/** The same functions, each of which writes into the chronicle what it did, who did it, and what that person may do. */
export function chronicled<People extends object>(world: World, chronicle: Chronicle, people: People): People {
  const entries = Object.keys(people).map((name): [string, unknown] => {
    const act: unknown = Object.getOwnPropertyDescriptor(people, name)?.value;
    if (typeof act !== 'function') return [name, act];
    return [name, (...given: unknown[]) => perform({ world, chronicle, name }, act as Act, given)];
  });
  // The names and the functions are those of `people`; only what happens around them is new.
  return Object.fromEntries(entries) as People;
}

type Act = (...given: unknown[]) => unknown;

interface Stage {
  readonly world: World;
  readonly chronicle: Chronicle;
  readonly name: string;
}

function perform(stage: Stage, act: Act, given: readonly unknown[]): unknown {
  const { world, chronicle, name } = stage;
  const by = actorIn(given);
  const repository = given.map((value) => fieldOf(value, 'id')).find((id) => typeof id === 'number') ?? null;
  const role = roleIn(world, repository, by);
  const changes: Change[] = [];
  const begunAt = chronicle.steady();
  const done = (result: unknown) => {
    chronicle.write({ type: 'action', begunAt, action: name, by, role, repository, changes });
    return result;
  };
  const result = world.changes.during(changes, () => act(...given));
  return result instanceof Promise ? result.then(done) : done(result);
}

function actorIn(given: readonly unknown[]): string {
  const by = given.map((value) => fieldOf(value, 'by')).find((value) => typeof value === 'string');
  return by ?? '';
}

function roleIn(world: World, repository: number | null, login: string): Role | null {
  const repo = repository === null ? undefined : world.repos.get(repository);
  const user = findUser(world, login);
  if (repo === undefined) return null;
  return user === undefined ? 'none' : roleOf(repo, user);
}

function fieldOf(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}
