import { isAbandoned } from '../isolation/index.ts';
import { label, namePrefix } from './arguments.ts';
import { askEngine, type Engine } from './engine.ts';

/** Removes the containers whose process is gone, with everything in them; those of other machines and namespaces are none of ours. */
export async function sweepContainers(engine: Engine): Promise<void> {
  const listed = await askEngine(engine, ['ps', '--all', `--filter=label=${label}`, '--format', '{{.Names}}']);
  for (const name of listed.split('\n')) {
    const owner = new RegExp(`^${namePrefix}([\\d.]+)\\.[0-9a-f]+$`).exec(name)?.[1];
    if (owner !== undefined && (await isAbandoned(owner))) await askEngine(engine, ['rm', '--force', name]);
  }
}
