import { describe, expect, it } from 'vitest';
import { type Hierarchy, readHierarchies } from '../../src/usage/index.ts';

const all = ['pids', 'memory', 'cpu'];

describe('D11: where we stand among the groups of the kernel', () => {
  it.each<[string, readonly string[], readonly string[], readonly Partial<Hierarchy>[]]>([
    [
      'version 2 on a machine with systemd',
      ['30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate'],
      ['0::/system.slice/backend.service'],
      [{ version: 2, path: '/sys/fs/cgroup/system.slice/backend.service', isTop: false, controllers: all as never }],
    ],
    [
      'version 2 in a container with a namespace of its own',
      ['30 23 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw'],
      ['0::/'],
      [{ version: 2, path: '/sys/fs/cgroup', isTop: true }],
    ],
    [
      'version 1, a tree for each controller, others left out',
      [
        '36 31 0:33 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices',
        '39 31 0:36 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids',
        '35 31 0:32 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct',
      ],
      ['8:pids:/', '5:devices:/', '1:cpu,cpuacct:/user.slice'],
      [
        { version: 1, path: '/sys/fs/cgroup/pids', isTop: true, controllers: ['pids'] },
        { version: 1, path: '/sys/fs/cgroup/cpu,cpuacct/user.slice', isTop: false, controllers: ['cpu'] },
      ],
    ],
    [
      'version 1 in a container that sees the tree from its own group down',
      ['39 31 0:36 /docker/12 /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids'],
      ['8:pids:/docker/12'],
      [{ path: '/sys/fs/cgroup/pids', isTop: true }],
    ],
    [
      'the group that we divide, after we moved to one below it',
      ['30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw'],
      ['0::/backend-service'],
      [{ version: 2, path: '/sys/fs/cgroup', isTop: true }],
    ],
    ['a group that is out of sight', ['30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw'], ['0::/../other'], []],
    ['a tree of another group', ['39 31 0:36 /docker/1 /x rw - cgroup cgroup rw,pids'], ['8:pids:/docker/12'], []],
    ['no groups at all', ['22 1 8:1 / / rw - ext4 /dev/sda1 rw'], [''], []],
  ])('%s', (_what, mounts, membership, expected) => {
    expect(readHierarchies(mounts.join('\n'), membership.join('\n'))).toMatchObject(expected);
    expect(readHierarchies(mounts.join('\n'), membership.join('\n'))).toHaveLength(expected.length);
  });
});
