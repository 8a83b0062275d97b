/** What of a box's use the kernel can limit as a whole. */
export const controllers = ['pids', 'memory', 'cpu'] as const;
export type Controller = (typeof controllers)[number];

/** The group that our own process moves to, where one with processes cannot be divided: beside those of the boxes. */
export const serviceGroup = 'backend-service';

/** Where we stand in a tree of the kernel's process groups. Version 1 has a tree for each controller, version 2 one for all. */
export interface Hierarchy {
  readonly version: 1 | 2;
  /** The folder of the group that we are in, or were before we moved to the service's own. */
  readonly path: string;
  /** Whether that is all we see of the tree. */
  readonly isTop: boolean;
  readonly controllers: readonly Controller[];
}

/** Reads `/proc/self/mountinfo` and `/proc/self/cgroup`: the trees that hold any of the controllers and that we can see our own place in. */
export function readHierarchies(mountinfo: string, membership: string): readonly Hierarchy[] {
  const places = membership.split('\n').flatMap((line) => readPlace(line));
  return mountinfo.split('\n').flatMap((line) => {
    const mount = readMount(line);
    if (mount === undefined) return [];
    const place = places.find(({ names }) =>
      mount.version === 2 ? names.includes('') : mount.controllers.some((name) => names.includes(name)),
    );
    const below = place && stripRoot(place.path, mount.root)?.replace(new RegExp(`/${serviceGroup}$`), '');
    if (below === undefined) return [];
    const { version, controllers: held, at } = mount;
    return [{ version, controllers: held, path: `${at}${below}`, isTop: below === '' }];
  });
}

/** A line like `8:cpu,cpuacct:/folder`; version 2 names no controllers. */
function readPlace(line: string): readonly { names: readonly string[]; path: string }[] {
  const [, names, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
  return names === undefined || path === undefined ? [] : [{ names: names.split(','), path }];
}

/** A line like `36 31 0:33 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids`. */
function readMount(
  line: string,
): (Pick<Hierarchy, 'version' | 'controllers'> & { root: string; at: string }) | undefined {
  const [before = '', after = ''] = line.split(' - ');
  const [, , , root, at] = before.split(' ');
  const [type, , options = ''] = after.split(' ');
  if (root === undefined || at === undefined) return undefined;
  if (type === 'cgroup2') return { version: 2, controllers, root, at };
  const held = controllers.filter((name) => options.split(',').includes(name));
  return type === 'cgroup' && held.length > 0 ? { version: 1, controllers: held, root, at } : undefined;
}

/** A container sees the tree from its own group down; one that is elsewhere is out of sight. */
function stripRoot(path: string, root: string): string | undefined {
  const top = root === '/' ? '' : root;
  if (path === root) return '';
  return path.startsWith(`${top}/`) && !path.includes('/..') ? path.slice(top.length) : undefined;
}
