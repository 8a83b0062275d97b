import { z } from 'zod';
import { BotError } from '../domain/index.ts';
import { boxEnvironment, inside } from '../isolation/index.ts';
import { askEngine, complaintOf, type Engine } from './engine.ts';

const Environment = z.array(z.string()).nullable();

/** Engines print lists with or without a line end, and `null` for an empty one. */
const isMissing = /no such image|image not known|unable to find|does not exist/i;

/** The environment that an image asks for. Throws BotError `box-unavailable` with the command that fetches the image when it is not there. */
export async function readImage(engine: Engine, image: string): Promise<Readonly<Record<string, string>>> {
  try {
    const printed = await askEngine(engine, ['image', 'inspect', '--format', '{{json .Config.Env}}', image]);
    return parse(Environment.parse(JSON.parse(printed)) ?? []);
  } catch (error) {
    const said = complaintOf(error);
    const words = isMissing.test(said)
      ? `The image ${image} is not on this machine, and a job never fetches one. Fetch it with: ${engine.name} pull ${image}`
      : `The image ${image} cannot be read: ${said}`;
    throw new BotError('box-unavailable', words, { cause: error });
  }
}

function parse(entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    entries.flatMap((entry) => {
      const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(entry) ?? [];
      return name === undefined || value === undefined || value.includes('\0') ? [] : [[name, value]];
    }),
  );
}

/** The environment of every command: what the image says of its languages, under what holds in every box. */
export function imageEnvironment(
  ofImage: Readonly<Record<string, string>>,
  hasProxy: boolean,
): Readonly<Record<string, string>> {
  const ours = boxEnvironment(hasProxy);
  const path = ofImage['PATH'];
  const ownPath = path === undefined ? {} : { PATH: `${inside.home}/.local/bin:${path}:/opt/backend/bin` };
  return { ...ofImage, ...ours, ...ownPath };
}
