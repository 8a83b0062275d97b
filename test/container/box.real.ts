import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rgPath } from '@vscode/ripgrep';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createContainers } from '../../src/container/index.ts';
import { askEngine, type Engine } from '../../src/container/engine.ts';
import { defaultLimits, nameOwner } from '../../src/isolation/index.ts';
import { startToolHost } from '../../src/sandbox/tool-host.ts';
import { makeCheckout } from '../sandbox/checkout.ts';
import { containerSandbox, image, listContainers, noSandbox, type Opened, openIn, requireEngine } from './ground.ts';

let engine: Engine;
let opened: Opened;
let outside: Opened;
beforeAll(async () => {
  engine = await requireEngine();
  opened = await openIn(containerSandbox(), { 'a.txt': 'alpha\n', 'gone.txt': 'x\n' });
  outside = await openIn(noSandbox());
});
afterAll(async () => {
  await opened[Symbol.asyncDispose]();
  await outside[Symbol.asyncDispose]();
});

async function output(command: string): Promise<string> {
  return (await opened.box.exec(command, 30_000)).output;
}

async function countOnHost(text: string): Promise<number> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'latin1').catch(() => '')));
  return lines.filter((line) => line.includes(text)).length;
}

describe('a container as a box', () => {
  it('runs the five tools', async () => {
    const { box } = opened;
    expect((await box.tool('Write', { file_path: 'new/b.txt', content: 'beta\n' })).isError).toBe(false);
    expect((await box.tool('Read', { file_path: 'new/b.txt' })).text).toContain('beta');
    const edited = await box.tool('Edit', { file_path: 'new/b.txt', old_string: 'beta', new_string: 'gamma' });
    expect(edited.isError).toBe(false);
    expect((await box.tool('Grep', { pattern: 'gamma' })).text).toContain('new/b.txt');
    expect((await box.tool('Bash', { command: 'cat new/b.txt; git log --format=%s' })).text).toContain('gamma\nBegin');
  });

  it('tells its changes and takes them in another one', async () => {
    await output('rm gone.txt; chmod +x new/b.txt');
    const changes = await opened.box.changes();
    expect(changes.map(({ path, type }) => `${type} ${path}`)).toEqual(['delete gone.txt', 'put new/b.txt']);
    const checkout = await opened.checkout.again('second');
    await using next = await containerSandbox().open({ checkout, signal: new AbortController().signal });
    await next.apply(changes);
    expect(await next.changes()).toEqual(changes);
  });

  it('has the environment of its image, below what holds in every box', async () => {
    expect(await output('echo $HOME; pwd; id -u; uname -n')).toBe('/home/agent\n/repo\n1000\nbox\n');
  });

  it('opens many at once', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => openIn(containerSandbox())));
    const said = await Promise.all(all.map(({ box }) => box.exec('echo here', 10_000)));
    expect(said.map((each) => each.output)).toEqual(Array.from({ length: 4 }, () => 'here\n'));
    await Promise.all(all.map((each) => each[Symbol.asyncDispose]()));
  });
});

describe('D5: the self-test of containers', () => {
  it('finds nothing to complain about', async () => {
    await expect(containerSandbox().selfTest()).resolves.toBeUndefined();
  });

  const setting = { nodePath: process.execPath, rgPath, limits: defaultLimits, image };
  async function openWithout(pattern: RegExp, ...instead: string[]): Promise<string> {
    await using checkout = await makeCheckout({});
    const wanted = { checkout, proxySocket: undefined, image: undefined };
    const { launch, ...prepared } = await createContainers(setting).prepare(wanted);
    const kept = launch.args.filter((argument) => !pattern.test(argument));
    const args = [...kept.slice(0, 1), ...instead, ...kept.slice(1)];
    try {
      const host = await startToolHost({ ...prepared, launch: { ...launch, args } }, new AbortController().signal);
      await host.close();
      return 'it opened';
    } catch (error) {
      return String(error);
    }
  }

  it.each<[string, RegExp, string[]]>([
    ['has no system-call filter', /seccomp=/, ['--security-opt=seccomp=unconfined']],
    ['may gain privileges', /no-new-privileges/, []],
    ['has capabilities', /cap-drop/, []],
    ['has a network', /network=/, ['--network=host']],
    ['shows folders of the host', /nothing/, ['--volume=/etc:/host:ro']],
    ['runs as another user', /^--user=/, ['--user=1001:1001']],
  ])('ends a box that %s', async (words, pattern, instead) => {
    expect(await openWithout(pattern, ...instead)).toContain(words);
  });

  it('lets one open that is as it must be', async () => {
    expect(await openWithout(/nothing/)).toBe('it opened');
  });

  it('says how to get an image that is not there, and fetches none', async () => {
    const sandbox = containerSandbox({ image: 'localhost/never-made:1' });
    await expect(sandbox.selfTest()).rejects.toMatchObject({
      code: 'box-unavailable',
      message: `The image localhost/never-made:1 is not on this machine, and a job never fetches one. Fetch it with: ${engine.name} pull localhost/never-made:1`,
    });
  });

  it('says what an image lacks', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'backend-test-image-'));
    await writeFile(join(folder, 'file'), 'x');
    await new Promise((resolve) =>
      spawn('tar', ['-C', folder, '-cf', join(folder, 'i.tar'), 'file']).once('close', resolve),
    );
    await askEngine(engine, ['import', join(folder, 'i.tar'), 'localhost/backend-empty:test']);
    const sandbox = containerSandbox({ image: 'localhost/backend-empty:test' });
    await expect(sandbox.selfTest()).rejects.toThrow('The image has no /bin/bash: use an image that has it.');
    await rm(folder, { recursive: true });
  });
});

describe('D2, D4: secrets of the host', () => {
  it('D4: a file next to the checkout is read outside of a box and not in it', async () => {
    const secret = join(opened.checkout.folder, 'secret');
    await writeFile(secret, 'hush');
    const command = `cat ${secret}`;
    expect((await outside.box.exec(command, 5_000)).output).toBe('hush');
    expect(await output(command)).not.toContain('hush');
    expect(await output('cat a.txt')).toBe('alpha\n');
  });

  it('D2: no environment and no descriptor of the service is seen', async () => {
    const secret = join(opened.checkout.folder, 'descriptor');
    await writeFile(secret, 'hush');
    const file = await open(secret);
    const program = `
      import { createSandbox } from '${join(import.meta.dirname, '../../src/sandbox/index.ts')}';
      const checkout = ${JSON.stringify(await opened.checkout.again('inherited'))};
      const sandbox = createSandbox({ kind: 'container', nodePath: process.execPath, image: '${image}' });
      await using box = await sandbox.open({ checkout, signal: new AbortController().signal });
      console.log((await box.exec('cat <&40; cat /proc/*/environ | tr "\\\\0" "\\\\n"; echo asked', 5000)).output);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      env: { ...process.env, A_SECRET: 'hush' },
      stdio: ['ignore', 'pipe', 'inherit', ...Array.from({ length: 37 }, () => 'ignore' as const), file.fd],
    });
    const text = ((await child.stdout?.toArray()) ?? []).join('');
    await file.close();
    expect(text).toContain('asked');
    expect(text).not.toContain('hush');
  });

  it('D4: nothing is written outside of the work tree, the home and the temporary folders', async () => {
    const targets =
      '/repo/.git/config /mirror/objects/new /usr/new /etc/passwd /new /opt/backend/toolhost/main.js /sys/new';
    expect(await output(`for t in ${targets}; do (echo x >> $t) 2> /dev/null && echo $t; done; true`)).toBe('');
    expect(await output('for t in /repo/k ~/k /tmp/k /dev/shm/k; do echo x > $t && rm $t && echo ok; done')).toBe(
      'ok\nok\nok\nok\n',
    );
  });
});

describe('D3: the network of a container', () => {
  let canary: Server;
  let hits = 0;
  beforeAll(async () => {
    canary = createServer((socket) => {
      hits += 1;
      socket.end('here');
    });
    await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    canary.close();
  });

  it('does not reach a server of the host, which a command outside reaches', async () => {
    const address = canary.address();
    const command = `exec 3<>/dev/tcp/127.0.0.1/${typeof address === 'object' ? address?.port : ''} && cat <&3`;
    expect((await outside.box.exec(command, 5_000)).output).toBe('here');
    expect((await opened.box.exec(command, 5_000)).exitCode).not.toBe(0);
    expect(hits).toBe(1);
  });

  it('reaches the allow-list proxy in the set-up step, which refuses what is not on the list', async () => {
    await using checkout = await makeCheckout({});
    const signal = new AbortController().signal;
    await using box = await containerSandbox().open({ checkout, allowedHosts: ['registry.npmjs.org'], signal });
    const request =
      'printf "CONNECT evil.example:443 HTTP/1.1\\r\\nHost: evil.example:443\\r\\n\\r\\n" >&3; head -1 <&3';
    const { output: said } = await box.exec(`exec 3<>/dev/tcp/127.0.0.1/3128; ${request}`, 10_000);
    expect(said).toContain('403');
    expect(box.blockedHosts()).toMatchObject([{ host: 'evil.example' }]);
  });
});

describe('D11: what a container may take', () => {
  const forks = 'for i in $(seq 150); do sleep 20 & done 2> /dev/null; jobs -pr | wc -l';

  it('processes: a limit holds for all of them together', async () => {
    expect(Number(await output(forks))).toBe(150);
    await using tight = await openIn(containerSandbox({ limits: { tasks: 64 } }));
    expect(Number((await tight.box.exec(forks, 30_000)).output.trim().split('\n').at(-1) || 0)).toBeLessThan(64);
    expect((await tight.box.exec('echo on', 10_000)).output).toBe('on\n');
  });

  it('memory: a program that takes more is ended, and the box goes on', async () => {
    const greedy = 'python3 -c "b = bytearray(400 * 1024 * 1024); print(len(b))"';
    expect(await output(greedy)).toBe('419430400\n');
    await using tight = await openIn(containerSandbox({ limits: { memoryBytes: 256 * 1024 * 1024 } }));
    expect((await tight.box.exec(greedy, 30_000)).output).not.toContain('419430400');
    expect((await tight.box.exec('echo on', 10_000)).output).toBe('on\n');
  });
});

describe('D12: the end of a container', () => {
  it('takes every process with it, daemons too', async () => {
    const own = await openIn(containerSandbox());
    const mark = `${process.pid}.704`;
    await own.box.exec(`sleep ${mark} & (setsid env -i sleep ${mark} &); (setsid nohup sleep ${mark} &)`, 5_000);
    await expect.poll(() => countOnHost(mark), { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
    const before = await listContainers(engine);
    await own[Symbol.asyncDispose]();
    expect(await countOnHost(mark)).toBe(0);
    expect((await listContainers(engine)).length).toBe(before.length - 1);
  });

  it('comes at once when the job is stopped', async () => {
    await using checkout = await makeCheckout({});
    const stopping = new AbortController();
    await using box = await containerSandbox().open({ checkout, signal: stopping.signal });
    const mark = `${process.pid}.706`;
    const running = box.exec(`sleep ${mark}`, 60_000);
    running.catch(() => undefined);
    await expect.poll(() => countOnHost(mark), { timeout: 20_000 }).toBeGreaterThanOrEqual(1);
    stopping.abort();
    await expect(running).rejects.toMatchObject({ code: 'aborted' });
    await box[Symbol.asyncDispose]();
    expect(await countOnHost(mark)).toBe(0);
  });

  it('is told at once to the calls under way when somebody ends it from outside', async () => {
    const before = new Set(await listContainers(engine));
    await using own = await openIn(containerSandbox());
    const [name = ''] = (await listContainers(engine)).filter((each) => !before.has(each));
    const running = own.box.exec('sleep 705', 60_000);
    running.catch(() => undefined);
    await askEngine(engine, ['kill', name]);
    await expect(running).rejects.toMatchObject({ code: 'box-lost' });
    await expect(own.box.changes()).rejects.toMatchObject({ code: 'box-lost' });
  });

  it('comes also when its owner is killed', async () => {
    await using checkout = await makeCheckout({});
    const mark = `${process.pid}.707`;
    const program = `
      import { createSandbox } from '${join(import.meta.dirname, '../../src/sandbox/index.ts')}';
      const sandbox = createSandbox({ kind: 'container', nodePath: process.execPath, image: '${image}' });
      const checkout = ${JSON.stringify({ ...checkout, again: undefined, git: undefined })};
      const box = await sandbox.open({ checkout, signal: new AbortController().signal });
      await box.exec('setsid sleep ${mark} > /dev/null &', 5000);
      console.log('open');
      await new Promise((resolve) => setTimeout(resolve, 600000));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    expect(await countOnHost(`sleep\0${mark}`)).toBe(1);
    child.kill('SIGKILL');
    await expect.poll(() => countOnHost(`sleep\0${mark}`), { timeout: 30_000 }).toBe(0);
  });

  it('that a killed process could not bring about is brought about at the next start', async () => {
    const namespace = (await nameOwner()).split('.')[2] ?? '';
    const [dead, living, foreign] = [`999999.1.${namespace}`, await nameOwner(), '999999.1.1'].map(
      (owner) => `backend-developer-${owner}.0123456789ab`,
    );
    const options = ['create', '--label=backend-developer=x', '--network=none', '--entrypoint=/bin/bash'];
    for (const name of [dead, living, foreign]) await askEngine(engine, [...options, `--name=${name ?? ''}`, image]);
    await containerSandbox().selfTest();
    const left = await listContainers(engine);
    expect([dead, living, foreign].map((name) => left.includes(name ?? ''))).toEqual([false, true, true]);
    await askEngine(engine, ['rm', '--force', living ?? '', foreign ?? '']);
  });
});
