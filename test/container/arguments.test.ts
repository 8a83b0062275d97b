import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { containerArguments, type ContainerPlan } from '../../src/container/arguments.ts';
import { adviseOn } from '../../src/container/advice.ts';
import { engineEnvironment } from '../../src/container/engine.ts';
import { imageEnvironment } from '../../src/container/image.ts';
import { lookFromOutside } from '../../src/container/index.ts';
import { isImageReference } from '../../src/domain/index.ts';
import { defaultLimits } from '../../src/isolation/index.ts';
import { readConfig } from '../../src/config.ts';
import { readSettings } from '../../src/settings/index.ts';

function plan(changes: Partial<ContainerPlan> = {}): ContainerPlan {
  return {
    engine: 'podman',
    user: { uid: 1001, gid: 1001 },
    name: 'backend-developer-1.2.3.abc',
    owner: '1.2.3',
    image: 'node:24-bookworm',
    profile: '/tmp/p/profile.json',
    checkout: { tree: '/d/tree', gitDir: '/d/git', objects: '/d/objects', home: '/d/home' },
    etc: { passwd: '/tmp/p/passwd' },
    nodePath: '/n/node',
    rgPath: '/n/rg',
    toolhost: '/tmp/t',
    limits: defaultLimits,
    ...changes,
  };
}

const denials =
  '--pull=never --network=none --read-only --cap-drop=all --security-opt=no-new-privileges --security-opt=seccomp=/tmp/p/profile.json --ipc=private --cgroupns=private --hostname=box --rm --log-driver=none'.split(
    ' ',
  );

describe('D4, D5: the command line of a container', () => {
  it.each(['podman', 'docker'] as const)('denies with %s what a box must deny, before the image is named', (engine) => {
    const args = containerArguments(plan({ engine }));
    expect(args.slice(0, args.indexOf('node:24-bookworm'))).toEqual(expect.arrayContaining(denials));
    expect(args.filter((argument) => argument.startsWith('--mount=') && !argument.endsWith(',readonly'))).toEqual([
      '--mount=type=bind,source=/d/tree,target=/repo',
      '--mount=type=bind,source=/d/home,target=/home/agent',
    ]);
    expect(args.filter((argument) => /privileged|--env|--device|--cap-add|docker\.sock/.test(argument))).toEqual([]);
  });

  it.each([
    ['podman', 0, ['--uidmap=0:1900000000:65536', '--gidmap=0:1900000000:65536', '--user=1000:1000']],
    ['podman', 1001, ['--userns=keep-id:uid=1000,gid=1000', '--user=1000:1000']],
    ['docker', 1001, ['--user=1001:1001']],
  ] as const)('runs as nobody of the host, or as us: %s as %d', (engine, id, wanted) => {
    const args = containerArguments(plan({ engine, user: { uid: id, gid: id } }));
    expect(args.filter((argument) => /^--(?:user|uidmap|gidmap)/.test(argument))).toEqual(wanted);
  });

  it('sets the limits of a box as a whole', () => {
    const limits = { ...defaultLimits, tasks: 64, memoryBytes: 1000, processors: 1.5 };
    expect(containerArguments(plan({ limits }))).toEqual(
      expect.arrayContaining(['--pids-limit=64', '--memory=1000', '--memory-swap=1000', '--cpus=1.5']),
    );
  });

  it('D22: takes a path with commas and quotes for one path', () => {
    const checkout = { tree: '/d/a,b"c', gitDir: '/d/git', objects: '/d/objects', home: '/d/home' };
    const args = containerArguments(plan({ checkout }));
    expect(args).toContain('--mount=type=bind,"source=/d/a,b""c",target=/repo');
  });

  it('D2: gives the engine four names of an environment at most', () => {
    const names = Object.keys(engineEnvironment());
    expect(['PATH', 'HOME', 'XDG_RUNTIME_DIR']).toEqual(expect.arrayContaining(names));
  });

  it('D5: does not take a process of the host for a box', async () => {
    await expect(lookFromOutside(process.pid, defaultLimits)).rejects.toThrow(
      'the container has no system-call filter',
    );
  });
});

describe('the environment of commands in a container', () => {
  it('is the image’s below ours, with the image’s programs on the path', () => {
    const ofImage = { PATH: '/usr/local/go/bin:/usr/bin', GOPATH: '/go', HOME: '/root', CI: '' };
    expect(imageEnvironment(ofImage, false)).toMatchObject({
      PATH: '/home/agent/.local/bin:/usr/local/go/bin:/usr/bin:/opt/backend/bin',
      GOPATH: '/go',
      HOME: '/home/agent',
      CI: '1',
    });
  });
});

describe('the words of an engine', () => {
  it.each([
    ['/bin/bash: line 2: /opt/backend/bin/node: cannot execute: required file not found', 'musl'],
    ["/opt/backend/bin/node: /lib/libc.so.6: version `GLIBC_2.28' not found", 'glibc 2.28'],
    ['the image has no git', 'has no git'],
    ['runc: exec: "/bin/bash": stat /bin/bash: no such file or directory', 'has no /bin/bash'],
    ['crun: cgroups in hybrid mode not supported', 'cgroups'],
  ])('%s become advice', (said, advice) => {
    expect(adviseOn(said)).toContain(advice);
  });

  it('that say it all become none', () => {
    expect(adviseOn('no space left on device')).toBeUndefined();
  });
});

describe('D22: the name of an image', () => {
  it.each([
    'node',
    'node:24-bookworm',
    'ghcr.io/acme/box:1',
    'localhost:5000/a/b__c',
    `debian@sha256:${'a'.repeat(64)}`,
  ])('%s is one', (name) => {
    expect(isImageReference(name)).toBe(true);
    expect(readSettings(`image: '${name}'\n`)).toMatchObject({ settings: { image: name } });
  });

  it.each([
    '',
    '-v',
    '--privileged',
    'Node',
    'a b',
    'a:',
    'a//b',
    '../a',
    'a;b',
    'a\n',
    `a:${'b'.repeat(200)}`,
    'a@sha256:1',
  ])('%j is none', (name) => {
    expect(isImageReference(name)).toBe(false);
    expect(readSettings(`image: ${JSON.stringify(name)}\n`)).toHaveProperty('problems');
  });

  it('is refused in little time, however long it is', () => {
    for (const text of ['a.'.repeat(5_000), 'a-'.repeat(149), `${'a/'.repeat(149)}!`, 'a_'.repeat(149)])
      expect(isImageReference(text)).toBe(false);
  });
});

it('D5: SANDBOX=container without an image does not start', () => {
  const { privateKey: PRIVATE_KEY } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const variables = {
    APP_ID: '1',
    PRIVATE_KEY,
    WEBHOOK_SECRET: '0123456789abcdef0123456789abcdef',
    ANTHROPIC_API_KEY: 'x',
    SANDBOX: 'container',
  };
  expect(() => readConfig(variables)).toThrow('SANDBOX_IMAGE is missing: with SANDBOX=container');
  expect(() => readConfig({ ...variables, SANDBOX_IMAGE: '--privileged' })).toThrow(
    'SANDBOX_IMAGE must name a container image',
  );
  expect(readConfig({ ...variables, SANDBOX_IMAGE: 'node:24' })).toMatchObject({
    sandbox: 'container',
    sandboxImage: 'node:24',
  });
});
