import { chmod, lstat, mkdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ChangeSet } from '../../src/domain/index.ts';
import { makeSandbox, openBox, type TestBox } from '../sandbox/checkout.ts';

const files = {
  'keep.txt': 'keep\n',
  'gone.txt': 'gone\n',
  'src/deep/only.txt': 'only\n',
  'src/run.sh': 'echo one\n',
  'windows.bat': 'echo one\r\n',
  'raw.bin': Buffer.from([0, 1, 2, 255]),
  '.gitattributes': '*.bat text eol=crlf\n*.utf16 working-tree-encoding=UTF-16LE text\n',
  '.gitignore': 'ignored/\n*.log\n',
  'odd name\t"q".txt': 'odd\n',
};

let opened: TestBox;
beforeAll(async () => {
  opened = await openBox(files);
});
afterAll(async () => {
  await opened[Symbol.asyncDispose]();
});
beforeEach(async () => {
  // The box's git can't restore a tree whose git directory is read-only, so an index of its own does it.
  const restore = 'cp .git/index /tmp/restore && GIT_INDEX_FILE=/tmp/restore git checkout-index -a -f';
  const { exitCode, output } = await opened.box.exec(
    `${restore} && GIT_INDEX_FILE=/tmp/restore git clean -ffdxq && git diff --stat HEAD`,
    10_000,
  );
  expect([exitCode, output]).toEqual([0, '']);
});

function path(name: string): string {
  return join(opened.checkout.tree, name);
}

function shown(changes: ChangeSet): unknown {
  return changes.map((change) =>
    change.type === 'delete' ? [change.path] : [change.path, change.mode, Buffer.from(change.bytes).toString('latin1')],
  );
}

async function run(script: string): Promise<void> {
  const { exitCode, output } = await opened.box.exec(`set -e\n${script}`, 30_000);
  expect([output, exitCode]).toEqual(['', 0]);
}

describe('the change set of a work tree', () => {
  it('is empty when nothing differs', async () => {
    expect(await opened.box.changes()).toEqual([]);
    await run('touch keep.txt');
    expect(await opened.box.changes()).toEqual([]);
  });

  it('holds new, changed, deleted, executable, linked and binary files, sorted', async () => {
    await run(
      String.raw`echo more >> keep.txt; rm gone.txt; chmod +x src/run.sh; ln -s keep.txt link; printf '\0\1' > new.bin; mkdir -p a/b; echo c > a/b/c; : > 'ü.txt'`,
    );
    expect(shown(await opened.box.changes())).toEqual([
      ['a/b/c', '100644', 'c\n'],
      ['gone.txt'],
      ['keep.txt', '100644', 'keep\nmore\n'],
      ['link', '120000', 'keep.txt'],
      ['new.bin', '100644', '\0\x01'],
      ['src/run.sh', '100755', 'echo one\n'],
      ['ü.txt', '100644', ''],
    ]);
  });

  it('follows the work tree back when a change is undone', async () => {
    await run('echo more >> keep.txt; echo new > new.txt');
    expect(await opened.box.changes()).toHaveLength(2);
    await run('echo keep > keep.txt; rm new.txt');
    expect(await opened.box.changes()).toEqual([]);
  });

  it("leaves out what the repository ignores, and programs' folders that it forgot to", async () => {
    await run(
      'mkdir -p ignored node_modules/x .venv/bin sub/__pycache__ target; for f in ignored/a node_modules/x/a .venv/bin/a sub/__pycache__/a.pyc b.log target/kept; do echo x > $f; done',
    );
    expect((await opened.box.changes()).map((change) => change.path)).toEqual(['target/kept']);
  });

  it('converts line ends as the repository says', async () => {
    await run(String.raw`printf 'echo two\r\n' > windows.bat`);
    expect(shown(await opened.box.changes())).toEqual([['windows.bat', '100644', 'echo two\n']]);
  });

  it('sees a file and a folder change places', async () => {
    await run('rm keep.txt; mkdir keep.txt; echo x > keep.txt/inner; rm -r src; echo y > src');
    expect(shown(await opened.box.changes())).toEqual([
      ['keep.txt'],
      ['keep.txt/inner', '100644', 'x\n'],
      ['src', '100644', 'y\n'],
      ['src/deep/only.txt'],
      ['src/run.sh'],
    ]);
  });

  it('is read again after a program damaged our index', async () => {
    await run('echo more >> keep.txt');
    await opened.box.changes();
    await run('echo garbage > /tmp/git/index; rm -rf /tmp/git/objects');
    expect(shown(await opened.box.changes())).toEqual([['keep.txt', '100644', 'keep\nmore\n']]);
  });

  it('runs no program that the work tree or the home folder names', async () => {
    await run(
      'echo "* filter=evil" >> .gitattributes; printf "[filter \\"evil\\"]\\nclean = touch /repo/pwned\\n[core]\\nfsmonitor = touch /repo/pwned\\n" > ~/.gitconfig',
    );
    expect((await opened.box.changes()).map((change) => change.path)).toEqual(['.gitattributes']);
    await run('rm ~/.gitconfig');
  });

  it.each([
    [
      'a repository with commits',
      'git init -q sub && cd sub && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x',
      'sub is a git repository of its own',
    ],
    ['a repository without commits', 'git init -q sub; echo x > sub/file', 'sub is a git repository of its own'],
    ['a name that is not UTF-8', String.raw`echo x > $'caf\xe9'`, 'is not UTF-8'],
    ["a name that means git's folder elsewhere", "mkdir 'git~1'; echo x > 'git~1/config'", 'git'],
    [
      'too many files',
      'mkdir many; for i in $(seq 1001); do : > many/$i; done',
      '1001 files; at most 1000 can be published. Most are in many/',
    ],
    ['too many bytes', 'head -c 10000001 /dev/zero > large', 'The largest file is large with 10000001 bytes'],
  ])('is refused when it holds %s', async (_, script, message) => {
    await run(script);
    await expect(opened.box.changes()).rejects.toMatchObject({
      code: 'change-set-refused',
      message: expect.stringContaining(message) as string,
    });
  });
});

describe('submodules', () => {
  it('may lose their empty folder, and are refused when touched', async () => {
    await using other = await openBox({ 'a.txt': 'a\n' });
    await other.checkout.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},sub`);
    await other.checkout.git('commit', '-q', '-m', 'Add submodule');
    await other.checkout.git('push', '-q', join(other.checkout.folder, 'mirror.git'), 'main');
    const checkout = await other.checkout.again('second');
    await using box = await makeSandbox().open({ checkout, signal: new AbortController().signal });
    expect(await box.changes()).toEqual([]);
    await rm(join(checkout.tree, 'sub'), { recursive: true });
    expect(await box.changes()).toEqual([]);
    await writeFile(join(checkout.tree, 'sub'), 'x\n');
    await expect(box.changes()).rejects.toMatchObject({ code: 'change-set-refused' });
    await rm(join(checkout.tree, 'sub'));
    await mkdir(join(checkout.tree, 'sub'));
    await writeFile(join(checkout.tree, 'sub/file'), 'x\n');
    await expect(box.changes()).rejects.toMatchObject({ code: 'change-set-refused' });
  });
});

describe('applying a change set', () => {
  it('makes another checkout hold the same, as git would have checked it out', async () => {
    await run(
      String.raw`echo more >> keep.txt; rm gone.txt src/deep/only.txt; chmod +x src/run.sh; ln -s nowhere link; printf '\0\1' > new.bin; printf 'echo two\r\n' > windows.bat; mkdir -p a/b; echo c > a/b/c; printf 'h\0i\0\n\0' > wide.utf16; echo odd2 > $'odd name\t"q".txt'`,
    );
    const changes = await opened.box.changes();
    expect(changes).toHaveLength(10);
    const checkout = await opened.checkout.again('applied');
    await using box = await makeSandbox().open({ checkout, signal: new AbortController().signal });
    await box.apply(changes);
    expect(shown(await box.changes())).toEqual(shown(changes));
    expect(await readFile(join(checkout.tree, 'windows.bat'), 'latin1')).toBe('echo two\r\n');
    expect(await readFile(join(checkout.tree, 'wide.utf16'), 'latin1')).toBe('h\0i\0\n\0');
    expect(await readlink(join(checkout.tree, 'link'))).toBe('nowhere');
    expect((await lstat(join(checkout.tree, 'src/run.sh'))).mode & 0o777).toBe(0o755);
    await expect(lstat(join(checkout.tree, 'src/deep'))).rejects.toThrow('ENOENT');
  });

  it('puts a file where a folder was, and a folder where a file was', async () => {
    await opened.box.apply([
      { path: 'keep.txt', type: 'delete' },
      { path: 'keep.txt/inner', type: 'put', mode: '100644', bytes: Buffer.from('x') },
      { path: 'src', type: 'put', mode: '100644', bytes: Buffer.from('y') },
      { path: 'src/deep/only.txt', type: 'delete' },
      { path: 'src/run.sh', type: 'delete' },
    ]);
    expect(await readFile(path('keep.txt/inner'), 'utf8')).toBe('x');
    expect(await readFile(path('src'), 'utf8')).toBe('y');
  });

  it('never writes or deletes through a link', async () => {
    const outside = join(opened.checkout.folder, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'victim'), 'safe');
    await chmod(outside, 0o777);
    await symlink('/home/agent', path('home'));
    await run('echo safe > ~/victim; ln -s ~/victim direct');
    await opened.box.apply([
      { path: 'direct', type: 'put', mode: '100644', bytes: Buffer.from('new') },
      { path: 'home/victim', type: 'delete' },
      { path: 'home/made', type: 'put', mode: '100644', bytes: Buffer.from('new') },
    ]);
    await run('[ "$(cat ~/victim)" = safe ]; [ ! -e ~/made ]; [ "$(cat home/made direct)" = newnew ]; rm ~/victim');
  });

  it('does nothing when the change is there already', async () => {
    const changes: ChangeSet = [
      { path: 'keep.txt', type: 'put', mode: '100644', bytes: Buffer.from('new\n') },
      { path: 'gone.txt', type: 'delete' },
    ];
    await opened.box.apply(changes);
    await opened.box.apply(changes);
    expect(await opened.box.changes()).toHaveLength(2);
  });

  it.each(['/etc/x', '../x', 'a/../../x', '.git/config', 'a/.GIT/x', ''])('refuses the path %j', async (name) => {
    await expect(opened.box.apply([{ path: name, type: 'delete' }])).rejects.toMatchObject({
      code: 'change-set-refused',
    });
  });
});
