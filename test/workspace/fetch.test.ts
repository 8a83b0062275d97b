import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BotError } from '../../src/domain/index.ts';
import { openWorkspace, type WorkspaceOptions } from '../../src/workspace/index.ts';
import { commit, git, startGitServer } from './git-server.ts';
import type { Rig } from './rig.ts';
import { files, startRig, token } from './rig.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await startRig();
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});
afterEach(() => {
  delete rig.server.fault;
});

describe('fetching', () => {
  it('leaves no token under the data folder and asks for none when the commit is there already', async () => {
    const options = rig.optionsFor('secret.git', commit(rig.root, 'secret.git', files));
    const workspace = await openWorkspace(options);
    await workspace.checkout('agent');
    const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
    const found = execFileSync('bash', [
      '-c',
      'grep -raFl -e "$1" -e "$2" "$3" || true',
      'bash',
      token,
      basic,
      rig.dataDir,
    ]);
    expect(found.toString()).toBe('');
    const asked = rig.server.requests.length;
    const never = async (): Promise<string> => Promise.reject(new Error('no token is needed'));
    await using again = await openWorkspace({ ...options, jobId: 'again', token: never });
    expect(again.files).toHaveLength(2);
    expect(rig.server.requests.length).toBe(asked);
  });

  it('serves two jobs of one repository at once, each with its own checkout', async () => {
    const first = commit(rig.root, 'shared.git', files);
    const second = commit(rig.root, 'shared.git', [{ path: 'README.md', content: 'newer\n' }]);
    const options = rig.optionsFor('shared.git', second);
    const [one, two] = await Promise.all([
      openWorkspace({ ...options, jobId: 'one', base: { branch: 'main', sha: first } }),
      openWorkspace({ ...options, jobId: 'two' }),
    ]);
    const trees = await Promise.all([one.checkout('agent'), two.checkout('agent')]);
    expect(trees.map(({ tree }) => readFileSync(join(tree, 'README.md'), 'utf8'))).toEqual(['# Orders\n', 'newer\n']);
  });

  it('finds a commit that its branch no longer points at', async () => {
    const old = commit(rig.root, 'moved.git', files);
    git(join(rig.root, 'moved.git'), ['update-ref', '-d', 'refs/heads/main']);
    commit(rig.root, 'moved.git', [{ path: 'other', content: 'rewritten' }]);
    await using workspace = await openWorkspace(rig.optionsFor('moved.git', old));
    expect(workspace.files).toHaveLength(2);
  });

  it('asks once more for a token when the first is refused', async () => {
    const offered = ['expired', token];
    const options = rig.optionsFor('renewed.git', commit(rig.root, 'renewed.git', files), {
      token: async () => offered.shift() ?? 'none left',
    });
    await using workspace = await openWorkspace(options);
    expect(workspace.files).toHaveLength(2);
  });

  it.each([
    ['before the first request', 1],
    ['between listing and fetching', 2],
    ['in the middle of a clone', 3],
  ])('RL-18: asks once for another token, naming the refused one, when it expires %s', async (when, at) => {
    const name = `expiring-${String(at)}.git`;
    const refused: (string | undefined)[] = [];
    const options = rig.optionsFor(name, commit(rig.root, name, files), {
      token: async (old) => {
        refused.push(old);
        return old === undefined ? 'short-lived' : token;
      },
    });
    rig.server.tokens.add('short-lived');
    rig.server.fault = (_method, number) => {
      if (number === at) rig.server.tokens.delete('short-lived');
      return undefined;
    };
    await using workspace = await openWorkspace(options);
    expect(workspace.files, when).toHaveLength(2);
    expect(refused).toEqual([undefined, 'short-lived']);
  });

  it('RL-29: passes on what the caller says when no other token is to be had', async () => {
    const options = rig.optionsFor('uninstalled.git', commit(rig.root, 'uninstalled.git', files), {
      token: async (old) => {
        if (old !== undefined) throw new BotError('github-gone', 'The App is no longer installed there.');
        return 'revoked';
      },
    });
    await expect(openWorkspace(options)).rejects.toMatchObject({ code: 'github-gone' });
  });

  it.each([
    ['is deleted', 404, 'repository-unusable', 'it was removed, or the App lost its access'],
    ['is taken down', 451, 'repository-unusable', 'it was removed'],
    ['is renamed', { redirectTo: 'http://127.0.0.1:1', status: 301 }, 'git-failed', 'has moved'],
    ['stops in the middle of its pack', { cutAfter: 2000 }, 'git-failed', 'fetch failed'],
  ] as const)('RL-29: says so at once when the repository %s during a fetch', async (what, fault, code, words) => {
    const name = `${what.replaceAll(' ', '-')}.git`;
    const sha = commit(rig.root, name, [...files, { path: 'noise.bin', content: randomBytes(20_000) }]);
    const options = rig.optionsFor(name, sha);
    rig.server.fault = (_method, number) => (number === 3 ? fault : undefined);
    await expect(openWorkspace(options)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words) as string,
    });
    delete rig.server.fault;
    await using later = await openWorkspace({ ...options, jobId: 'later' });
    expect(later.files).toHaveLength(3);
    expect(leftIn(rig, options)).toEqual([]);
  });

  it.each([
    ['the server refuses every token', 401, 'git-failed', 'Contents: read'],
    ['the App may not read', 403, 'git-failed', 'Contents: read'],
    ['the server is in trouble', 503, 'git-failed', '503'],
    ['the repository is gone', 404, 'repository-unusable', 'lost its access'],
  ] as const)('says what is wrong when %s', async (_what, fault, code, words) => {
    const options = rig.optionsFor('faulty.git', commit(rig.root, 'faulty.git', files));
    rig.server.fault = fault;
    await expect(openWorkspace(options)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words) as string,
    });
  });

  it('never takes the token along to where a server sends it', async () => {
    const options = rig.optionsFor('redirected.git', commit(rig.root, 'redirected.git', files));
    await using elsewhere = await startGitServer(rig.root);
    rig.server.fault = { redirectTo: elsewhere.url };
    await expect(openWorkspace(options)).rejects.toMatchObject({ code: 'git-failed' });
    expect(elsewhere.requests).toEqual([]);
  });

  it('says that an empty repository needs a first commit', async () => {
    execFileSync('git', ['init', '--bare', '--quiet', join(rig.root, 'empty.git')]);
    await expect(openWorkspace(rig.optionsFor('empty.git', '2'.repeat(40)))).rejects.toMatchObject({
      code: 'repository-unusable',
      message: expect.stringContaining('no commits yet') as string,
    });
  });

  it('says that a commit is not there', async () => {
    commit(rig.root, 'wrong.git', files);
    await expect(openWorkspace(rig.optionsFor('wrong.git', '3'.repeat(40)))).rejects.toMatchObject({
      code: 'repository-unusable',
      message: expect.stringContaining('rewritten') as string,
    });
  });

  it('stops at once when the job is stopped, also while another job holds the repository', async () => {
    const controller = new AbortController();
    const options = rig.optionsFor('hanging.git', commit(rig.root, 'hanging.git', files), {
      signal: controller.signal,
    });
    rig.server.fault = 'hang';
    const asked = rig.server.requests.length;
    const first = expect(openWorkspace(options)).rejects.toMatchObject({ code: 'aborted' });
    const waiting = expect(openWorkspace({ ...options, jobId: 'waiting' })).rejects.toMatchObject({ code: 'aborted' });
    await expect.poll(() => rig.server.requests.length, { timeout: 20_000 }).toBeGreaterThan(asked);
    controller.abort();
    await Promise.all([first, waiting]);
    delete rig.server.fault;
    await using later = await openWorkspace({ ...options, jobId: 'later', signal: new AbortController().signal });
    expect(later.files).toHaveLength(2);
  });

  it.each([
    [
      'its packs are gone',
      (dir: string) => {
        rmSync(join(dir, 'objects/pack'), { recursive: true });
      },
    ],
    ['its packs are damaged', damagePacks],
    [
      'it is not a repository any more',
      (dir: string) => {
        rmSync(join(dir, 'objects'), { recursive: true });
      },
    ],
  ])('makes a mirror again when %s', async (_what, damage) => {
    const options = rig.optionsFor('damaged.git', commit(rig.root, 'damaged.git', files));
    await openWorkspace(options);
    damage(join(rig.dataDir, 'mirrors', String(options.repository.id)));
    await using workspace = await openWorkspace({ ...options, jobId: 'second' });
    const { tree } = await workspace.checkout('agent');
    expect(readFileSync(join(tree, 'README.md'), 'utf8')).toBe('# Orders\n');
  });

  it.each([
    ['a job id that climbs', { jobId: '../other' }],
    ['a sha that is an option', { base: { branch: 'main', sha: '--output=/tmp/x' } }],
    ['a branch that is an option', { base: { branch: '--upload-pack=x', sha: '4'.repeat(40) } }],
    ['a remote that runs a program', { remoteUrl: 'ext::sh -c touch% /tmp/x' }],
    ['a remote on this machine', { remoteUrl: 'file:///etc' }],
    ['a remote that carries a credential', { remoteUrl: 'https://x:secret@github.com/acme/orders.git' }],
  ])('refuses %s', async (_what, over) => {
    const options = rig.optionsFor('refused.git', commit(rig.root, 'refused.git', files), over);
    await expect(openWorkspace(options)).rejects.toMatchObject({ code: 'bug' });
  });
});

/** What a fetch must not leave in a mirror. */
function leftIn({ dataDir }: Rig, { repository }: WorkspaceOptions): readonly string[] {
  const names = readdirSync(join(dataDir, 'mirrors', String(repository.id)), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => /\.lock$|tmp_/.test(name));
}

function damagePacks(dir: string): void {
  for (const name of readdirSync(join(dir, 'objects/pack')).filter((file) => file.endsWith('.pack'))) {
    const path = join(dir, 'objects/pack', name);
    const bytes = readFileSync(path);
    chmodSync(path, 0o644);
    writeFileSync(path, bytes.fill(0, 12, bytes.length - 20));
  }
}
