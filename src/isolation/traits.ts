import { boxEnvironment } from './bubblewrap.ts';

/** In what boxes of one kind differ from those of another: what a box says of itself is held against it. */
export interface Traits {
  /** How process 1 is called. */
  readonly firstProcess: string;
  /** What process 1 itself may have in its environment. */
  readonly firstNames: readonly string[];
  readonly userId: number;
  /** Whose `/usr`, `/etc` and so on it has. What is secret about a host's is not about an image's. */
  readonly system: 'host' | 'image';
  /** The environment of commands, names only. */
  readonly names: readonly string[];
  /** Mount points and devices that only this kind has, as regular expressions. */
  readonly mounts: readonly string[];
  readonly devices: readonly string[];
  /** What makes such boxes on this machine, in words. */
  readonly madeWith: string;
  /** Completes the sentence of a box that does not hold. */
  readonly needed: string;
}

export const bubblewrapTraits: Traits = {
  firstProcess: 'bwrap',
  firstNames: [],
  userId: 1000,
  system: 'host',
  names: Object.keys(boxEnvironment(false)),
  mounts: ['usr', 's?bin', 'lib(?:32|64|x32)?', 'etc/.+'],
  devices: [],
  madeWith: 'bubblewrap',
  needed: 'bubblewrap 0.8 or newer with user namespaces is needed (apt-get install bubblewrap)',
};
