import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Workspace } from '../../src/workspace/index.ts';
import { openWorkspace, sweepJobs } from '../../src/workspace/index.ts';
import { commit, git } from './git-server.ts';
import type { Rig } from './rig.ts';
import { files, startRig } from './rig.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await startRig();
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

describe('a workspace', () => {
  it('checks the base commit out with a git directory of its own that borrows the mirror', async () => {
    const sha = commit(rig.root, 'plain.git', files);
    await using workspace = await openWorkspace(rig.optionsFor('plain.git', sha));
    const checkout = await workspace.checkout('agent');
    expect(readFileSync(join(checkout.tree, 'README.md'), 'utf8')).toBe('# Orders\n');
    expect(statSync(join(checkout.tree, 'bin/run')).mode & 0o111).toBe(0o111);
    expect(existsSync(join(checkout.tree, '.git'))).toBe(false);
    expect(readFileSync(join(checkout.gitDir, 'objects/info/alternates'), 'utf8')).toBe(`${checkout.objects}\n`);
    expect(readFileSync(join(checkout.gitDir, 'HEAD'), 'utf8')).toBe(`${sha}\n`);
    expect(readFileSync(join(checkout.gitDir, 'config'), 'utf8')).not.toContain('remote');
    const status = ['--git-dir', checkout.gitDir, '--work-tree', checkout.tree, 'status', '--porcelain'];
    expect(git(checkout.tree, status)).toBe('');
    expect(readdirSync(checkout.home)).toEqual([]);
  });

  it('lists every file of the base commit with mode and size', async () => {
    const sha = commit(rig.root, 'listed.git', files);
    await using workspace = await openWorkspace(rig.optionsFor('listed.git', sha));
    expect(workspace.files.map(({ path, mode, size }) => ({ path, mode, size }))).toEqual([
      { path: 'README.md', mode: '100644', size: 9 },
      { path: 'bin/run', mode: '100755', size: 10 },
    ]);
    expect(workspace.peculiarities).toEqual([]);
  });

  it('reads the subjects of the newest commits, newest first, without merges', async () => {
    commit(rig.root, 'styled.git', files, { message: 'feat: add orders' });
    const sha = commit(rig.root, 'styled.git', files, { message: 'fix: count orders\n\nBody.' });
    await using workspace = await openWorkspace(rig.optionsFor('styled.git', sha));
    expect(await workspace.recentSubjects(5)).toEqual(['fix: count orders', 'feat: add orders']);
    expect(await workspace.recentSubjects(1)).toEqual(['fix: count orders']);
  });

  it('shows the box a history that ends cleanly where the fetched one ends', async () => {
    let sha = '';
    for (let number = 1; number <= 53; number += 1)
      sha = commit(rig.root, 'long.git', files, { message: `Change ${String(number)}` });
    await using workspace = await openWorkspace(rig.optionsFor('long.git', sha));
    const { gitDir } = await workspace.checkout('agent');
    const log = git(rig.dataDir, ['--git-dir', gitDir, 'log', '--format=%s']).split('\n');
    expect([log[0], log.length]).toEqual(['Change 53', 50]);
  });

  it('checks out what is unusual in a repository and names it', async () => {
    const submodule = '1'.repeat(40);
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 12345\n`;
    const sha = commit(rig.root, 'odd.git', [
      { path: '.gitattributes', content: '# rules\n*.psd filter=lfs diff=lfs merge=lfs -text\n*.txt text eol=crlf\n' },
      { path: 'assets/.gitattributes', content: '*.bin filter=lfs\n' },
      { path: 'logo.psd', content: pointer },
      { path: 'notes.txt', content: 'one\ntwo\n' },
      { path: 'Docs/a.md', content: 'upper' },
      { path: 'docs/b.md', content: 'lower' },
      { path: Buffer.from([0x6e, 0xe4, 0x2e, 0x6d, 0x64]), content: 'latin' },
      { path: 'link', mode: '120000', content: '/etc/passwd' },
      { path: 'vendor/lib', mode: '160000', content: submodule },
    ]);
    await using workspace = await openWorkspace(rig.optionsFor('odd.git', sha));
    const { tree } = await workspace.checkout('agent');
    expect(workspace.peculiarities).toEqual([
      'Submodules are not checked out, their folders are empty: `vendor/lib`.',
      'Files kept in Git LFS are checked out as pointers, without their contents: `*.psd`, `assets/*.bin`.',
      'Symbolic links: `link`.',
      'Paths that differ only in case: `Docs`, `docs`.',
      "Names that are not UTF-8 can't be changed by us (\uFFFD stands for the odd bytes): `n\uFFFD.md`.",
    ]);
    expect(readFileSync(join(tree, 'logo.psd'), 'utf8')).toBe(pointer);
    expect(readFileSync(join(tree, 'notes.txt'), 'utf8')).toBe('one\ntwo\n');
    expect(readlinkSync(join(tree, 'link'))).toBe('/etc/passwd');
    expect(readdirSync(join(tree, 'vendor/lib'))).toEqual([]);
    expect(
      readFileSync(Buffer.concat([Buffer.from(`${tree}/n`), Buffer.from([0xe4]), Buffer.from('.md')]), 'utf8'),
    ).toBe('latin');
    expect([readdirSync(join(tree, 'Docs')), readdirSync(join(tree, 'docs'))]).toEqual([['a.md'], ['b.md']]);
  });

  it('works with a default branch of any name', async () => {
    const sha = commit(rig.root, 'trunk.git', files, { branch: 'release/2.x' });
    await using workspace = await openWorkspace(
      rig.optionsFor('trunk.git', sha, { base: { branch: 'release/2.x', sha } }),
    );
    expect(workspace.files).toHaveLength(2);
  });
});

describe('the text of a file', () => {
  let workspace: Workspace;

  beforeAll(async () => {
    const sha = commit(rig.root, 'texts.git', [
      { path: 'small.txt', content: 'Größe 🎈\n' },
      { path: 'run.sh', mode: '100755', content: '#!/bin/sh\n' },
      { path: 'limit.txt', content: 'x'.repeat(65_536) },
      { path: 'large.txt', content: 'x'.repeat(65_537) },
      { path: 'latin1.txt', content: Buffer.from([0x47, 0xf6, 0x0a]) },
      { path: 'image.bin', content: Buffer.from([1, 0, 2]) },
      { path: 'link.txt', mode: '120000', content: 'small.txt' },
      { path: 'folder/file', content: 'x' },
    ]);
    workspace = await openWorkspace(rig.optionsFor('texts.git', sha));
  });
  afterAll(async () => {
    await workspace[Symbol.asyncDispose]();
  });

  it.each([
    ['a small file', 'small.txt', 'Größe 🎈\n'],
    ['an executable file', 'run.sh', '#!/bin/sh\n'],
    ['a file of exactly 64 KiB', 'limit.txt', 'x'.repeat(65_536)],
    ['a file over 64 KiB', 'large.txt', undefined],
    ['bytes that are not UTF-8', 'latin1.txt', undefined],
    ['a binary file', 'image.bin', undefined],
    ['a symbolic link', 'link.txt', undefined],
    ['a folder', 'folder', undefined],
    ['a path outside the repository', '../../etc/passwd', undefined],
    ['a file that is not there', 'missing.txt', undefined],
  ])('is read where it is one: %s', async (_what, path, expected) => {
    expect(await workspace.readText(path)).toBe(expected);
  });
});

describe('checkouts of a job', () => {
  it('are made anew when the job resumes', async () => {
    const options = rig.optionsFor('resumed.git', commit(rig.root, 'resumed.git', files));
    const workspace = await openWorkspace(options);
    const { tree } = await workspace.checkout('agent');
    writeFileSync(join(tree, 'README.md'), 'changed by the agent');
    await using resumed = await openWorkspace(options);
    await resumed.checkout('agent');
    expect(readFileSync(join(tree, 'README.md'), 'utf8')).toBe('# Orders\n');
  });

  it('are removed one by one, and all together when the workspace is disposed', async () => {
    const options = rig.optionsFor('removed.git', commit(rig.root, 'removed.git', files));
    const workspace = await openWorkspace(options);
    const first = await workspace.checkout('agent');
    const second = await workspace.checkout('base');
    chmodSync(join(second.tree, 'bin'), 0o000);
    await workspace.removeCheckout('agent');
    expect([existsSync(first.tree), existsSync(second.tree)]).toEqual([false, true]);
    await workspace[Symbol.asyncDispose]();
    expect(existsSync(join(rig.dataDir, 'jobs', options.jobId))).toBe(false);
    expect(existsSync(second.objects)).toBe(true);
  });

  it('begin with the caches of another one, without following a link that a box planted', async () => {
    await using workspace = await openWorkspace(rig.optionsFor('caches.git', commit(rig.root, 'caches.git', files)));
    const { home } = await workspace.checkout('baseline');
    mkdirSync(join(home, '.cache/go-build'), { recursive: true });
    mkdirSync(join(home, 'venv'));
    writeFileSync(join(home, '.cache/go-build/entry'), 'compiled');
    symlinkSync('/etc', join(home, '.cache/link'));
    symlinkSync('/etc', join(home, 'go'));
    execFileSync('mkfifo', [join(home, '.cache/go-build/pipe')]);
    mkdirSync(join(home, '.npm'));
    writeFileSync(join(home, '.npm/entry'), 'packed');
    const second = await workspace.checkout('head', 'baseline');
    expect(readdirSync(second.home, { recursive: true }).sort()).toEqual(['.npm', '.npm/entry']);
    rmSync(join(home, '.cache/go-build/pipe'));
    const third = await workspace.checkout('head', 'baseline');
    expect(readFileSync(join(third.home, '.cache/go-build/entry'), 'utf8')).toBe('compiled');
    expect(readlinkSync(join(third.home, '.cache/link'))).toBe('/etc');
    expect(readdirSync(third.home).sort()).toEqual(['.cache', '.npm']);
  });

  it('stay on disk after an abort, until a sweep finds their job over', async () => {
    const controller = new AbortController();
    const options = rig.optionsFor('aborted.git', commit(rig.root, 'aborted.git', files), {
      signal: controller.signal,
    });
    const workspace = await openWorkspace(options);
    const { tree } = await workspace.checkout('agent');
    controller.abort();
    await workspace[Symbol.asyncDispose]();
    expect(existsSync(tree)).toBe(true);
    await sweepJobs(rig.dataDir, async () => true);
    expect(existsSync(tree)).toBe(true);
    await sweepJobs(rig.dataDir, async () => false);
    expect(existsSync(tree)).toBe(false);
  });

  it('run nothing that a box planted in the tree, its home or its settings', async () => {
    const sha = commit(rig.root, 'planted.git', [
      ...files,
      { path: '.gitattributes', content: '* filter=evil diff=evil\n' },
    ]);
    const options = rig.optionsFor('planted.git', sha);
    await using workspace = await openWorkspace(options);
    const canary = join(rig.root, 'canary');
    const checkout = await workspace.checkout('agent');
    const evil = `[core]\n\tfsmonitor = touch ${canary}\n\thooksPath = ${checkout.tree}/.git/hooks\n[filter "evil"]\n\tsmudge = touch ${canary}\n`;
    git(checkout.tree, ['init', '--quiet']);
    const hook = join(checkout.tree, '.git/hooks/post-checkout');
    writeFileSync(hook, `#!/bin/sh\ntouch ${canary}\n`, { mode: 0o755 });
    for (const place of [join(checkout.tree, '.git/config'), join(checkout.home, '.gitconfig')])
      writeFileSync(place, evil);
    await workspace.readText('README.md');
    await workspace.recentSubjects(3);
    await workspace.checkout('agent');
    expect(existsSync(canary)).toBe(false);
    // The plant itself works: git used the ordinary way on such a tree runs it.
    git(checkout.tree, ['init', '--quiet']);
    writeFileSync(join(checkout.tree, '.git/config'), evil);
    git(checkout.tree, ['status']);
    expect(existsSync(canary)).toBe(true);
    rmSync(canary);
  });
});
