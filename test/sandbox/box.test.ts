import { spawn } from 'node:child_process';
import { lstat, open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSandbox } from '../../src/sandbox/index.ts';
import { makeCheckout, makeSandbox, openBox, type TestBox } from './checkout.ts';

let opened: TestBox;
beforeAll(async () => {
  opened = await openBox({ 'a.txt': 'a\n' });
});
afterAll(async () => {
  await opened[Symbol.asyncDispose]();
});

async function output(command: string): Promise<string> {
  return (await opened.box.exec(command, 20_000)).output;
}

/** Processes of the host, of any user, whose command line or environment holds the text. */
async function countOnHost(text: string): Promise<number> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'latin1').catch(() => '')));
  return lines.filter((line) => line.includes(text)).length;
}

describe('a box', () => {
  it('has an environment of exactly our names', async () => {
    expect((await output('env | cut -d= -f1 | sort')).trim().split('\n')).toEqual(
      [
        'BACKEND_CALL',
        'CI',
        'GIT_OPTIONAL_LOCKS',
        'GIT_TERMINAL_PROMPT',
        'GOFLAGS',
        'GOTOOLCHAIN',
        'HOME',
        'LANG',
        'PATH',
        'PWD',
        'SHLVL',
        'TERM',
        '_',
      ].sort(),
    );
  });

  it('shows the repository with its history, borrowed objects included', async () => {
    expect(
      await output('git log --format=%s; git status --short; git fsck 2>&1; cat .git/objects/info/alternates'),
    ).toBe('Begin\n/mirror/objects\n');
  });

  it('leaves files that belong to us', async () => {
    await output('echo x > made; mkdir -p folder; echo y > folder/inner');
    expect((await stat(join(opened.checkout.tree, 'folder/inner'))).uid).toBe(process.getuid?.());
    expect(await readFile(join(opened.checkout.tree, 'made'), 'utf8')).toBe('x\n');
  });

  it('never lets a command write what is read-only', async () => {
    const targets = [
      '/repo/.git/config',
      '/repo/.git/new',
      '/mirror/objects/new',
      '/usr/new',
      '/etc/passwd',
      '/new',
      '/opt/backend/toolhost/main.js',
    ];
    expect(
      await output(targets.map((target) => `(echo x >> ${target}) 2>/dev/null && echo ${target}`).join('; ')),
    ).toBe('');
    expect(await output('rm -rf .git 2>/dev/null; mv .git elsewhere 2>/dev/null; git log --format=%s')).toBe('Begin\n');
  });

  it('keeps the home folder for the next box of the job, and nothing else', async () => {
    const { checkout } = opened;
    await output('echo kept > ~/cache; echo lost > /tmp/scratch');
    await using next = await makeSandbox().open({ checkout, signal: new AbortController().signal });
    expect((await next.exec('cat ~/cache; ls /tmp', 5000)).output).toBe('kept\ngit\noutputs\n');
  });

  it('limits the temporary folder, and what one file may hold', async () => {
    expect(await output('df --output=size -B1 /tmp | tail -1; ulimit -f; ulimit -c; ulimit -n')).toMatch(
      /^\s*1073741824\n2097152\n0\n16384\n$/,
    );
  });

  it('sees the processes of no other box', async () => {
    await using neighbour = await openBox({});
    await neighbour.box.exec('sleep 603 > /dev/null &', 5000);
    expect(await output('pgrep -f "sleep 60[3]"')).toBe('');
  });

  it('is given no descriptor that the service itself was started with', async () => {
    const secret = join(opened.checkout.folder, 'secret');
    await writeFile(secret, 'secret');
    const file = await open(secret);
    const program = `
      import { createSandbox } from '${join(import.meta.dirname, '../../src/sandbox/index.ts')}';
      const checkout = ${JSON.stringify(await opened.checkout.again('inherited'))};
      const sandbox = createSandbox({ kind: 'bubblewrap', nodePath: process.execPath });
      await using box = await sandbox.open({ checkout, signal: new AbortController().signal });
      console.log((await box.exec('cat <&40; ls -l /proc/*/fd', 5000)).output);`;
    // Node itself closes those up to 15 to its children.
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit', ...Array.from({ length: 37 }, () => 'ignore' as const), file.fd],
    });
    const text = ((await child.stdout?.toArray()) ?? []).join('');
    await file.close();
    expect(text).toContain('/proc/1/fd');
    expect(text).not.toContain('secret');
  });

  it('takes the place of a file that points to the git directory', async () => {
    await using checkout = await makeCheckout({ 'a.txt': 'a\n' });
    expect((await lstat(join(checkout.tree, '.git'))).isFile()).toBe(true);
    await using box = await makeSandbox().open({ checkout, signal: new AbortController().signal });
    expect((await box.exec('git status --short', 5000)).output).toBe('');
  });
});

describe('the network of a box', () => {
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
    await using checkout = await makeCheckout({});
    const unsafe = createSandbox({ kind: 'unsafe-none', nodePath: process.execPath });
    await using outside = await unsafe.open({ checkout, signal: new AbortController().signal });
    expect((await outside.exec(command, 5000)).output).toBe('here');
    expect((await opened.box.exec(command, 5000)).exitCode).not.toBe(0);
    expect(hits).toBe(1);
  });

  it('has only its own loopback', async () => {
    expect(await output("awk -F: 'NR > 2 { print $1 }' /proc/net/dev | tr -d ' '")).toBe('lo\n');
    const server =
      'const s = require("net").createServer((c) => c.end("own")).listen(0, () => require("net").connect(s.address().port).pipe(process.stdout).on("unpipe", () => process.exit()))';
    expect(await output(`node -e '${server}'`)).toBe('own');
  });
});

describe('the end of a box', () => {
  it('takes every process with it, daemons too', async () => {
    const own = await openBox({});
    const mark = `${process.pid}.604`;
    await own.box.exec(`sleep ${mark} & (setsid env -i sleep ${mark} &); (setsid nohup sleep ${mark} &)`, 5000);
    await expect.poll(() => countOnHost(mark), { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
    await own.box[Symbol.asyncDispose]();
    expect(await countOnHost(mark)).toBe(0);
    await own.checkout[Symbol.asyncDispose]();
  });

  it('is told to every call, the running and the later ones', async () => {
    await using own = await openBox({});
    const running = own.box.exec('sleep 605', 60_000);
    running.catch(() => undefined);
    await own.box.exec('kill -9 2', 5000).catch(() => undefined);
    await expect(running).rejects.toMatchObject({ code: 'box-lost' });
    await expect(own.box.exec('true', 5000)).rejects.toMatchObject({ code: 'box-lost' });
    await expect(own.box.tool('Read', { file_path: 'a' })).rejects.toMatchObject({ code: 'box-lost' });
  });

  it('comes at once when the job is stopped', async () => {
    await using checkout = await makeCheckout({});
    const stopping = new AbortController();
    await using box = await makeSandbox().open({ checkout, signal: stopping.signal });
    const mark = `${process.pid}.606`;
    await box.exec(`setsid sleep ${mark} &`, 5000);
    const running = box.exec(`sleep ${mark}`, 60_000);
    stopping.abort();
    await expect(running).rejects.toMatchObject({ code: 'aborted' });
    await expect(box.changes()).rejects.toMatchObject({ code: 'aborted' });
    await box[Symbol.asyncDispose]();
    expect(await countOnHost(mark)).toBe(0);
  });

  it('may come twice', async () => {
    const own = await openBox({});
    await own[Symbol.asyncDispose]();
    await own.box[Symbol.asyncDispose]();
    await expect(own.box.changes()).rejects.toMatchObject({ code: 'box-lost' });
  });
});

describe('opening a box', () => {
  it('fails at once when the job is stopped already', async () => {
    await using checkout = await makeCheckout({});
    await expect(makeSandbox().open({ checkout, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    });
  });

  it('says what bwrap says when it can not be', async () => {
    await using checkout = await makeCheckout({});
    const broken = { ...checkout, home: join(checkout.folder, 'missing') };
    await expect(makeSandbox().open({ checkout: broken, signal: new AbortController().signal })).rejects.toMatchObject({
      code: 'box-unavailable',
      message: expect.stringContaining("Can't find source path") as string,
    });
  });

  it('works for many at once', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => openBox({ 'a.txt': 'a\n' })));
    const outputs = await Promise.all(all.map(async ({ box }) => (await box.exec('cat a.txt', 5000)).output));
    expect(outputs).toEqual(Array.from({ length: 6 }, () => 'a\n'));
    await Promise.all(all.map((one) => one[Symbol.asyncDispose]()));
  });
});

describe('without a sandbox', () => {
  it('the same tools work behind the same interface, and what they started ends with it', async () => {
    await using checkout = await makeCheckout({ 'a.txt': 'a\n' });
    const unsafe = createSandbox({ kind: 'unsafe-none', nodePath: process.execPath });
    await unsafe.selfTest();
    const box = await unsafe.open({ checkout, signal: new AbortController().signal });
    await box.tool('Read', { file_path: 'a.txt' });
    await box.tool('Edit', { file_path: 'a.txt', old_string: 'a', new_string: 'b' });
    expect((await box.exec('git diff --stat HEAD | tail -1', 5000)).output).toContain('1 file changed');
    expect(await box.changes()).toMatchObject([{ path: 'a.txt', mode: '100644' }]);
    const mark = `${process.pid}.607`;
    await box.exec(`(setsid sleep ${mark} &)`, 5000);
    expect((await box.tool('Bash', { command: `sleep ${mark}`, timeout: 200 })).isError).toBe(true);
    await box[Symbol.asyncDispose]();
    expect(await countOnHost(mark)).toBe(0);
  });
});
