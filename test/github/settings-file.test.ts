import { describe, expect, it } from 'vitest';
import { gatherSettings } from '../../src/facts.ts';
import { readSettings } from '../../src/settings/index.ts';
import type { NewRepository } from '../stand-ins/github/index.ts';
import { shareStandIn, type GitHubWorld } from './github-world.ts';

const openWorld = shareStandIn();
const path = '.github/backend.yml';
const text = 'base: evil\n';
const link = (content: string) => ({ mode: '120000', content });
const submodule = { mode: '160000', content: 'c'.repeat(40) };

/** Everything the bytes of which would be taken for the settings where GitHub is asked for the file by its path. */
async function askByPath({ standIn, repo }: GitHubWorld): Promise<string> {
  const url = `${standIn.apiUrl}/repos/${repo.owner}/${repo.name}/contents/${path}`;
  const { token } = standIn.addUser('asker');
  const answer = await fetch(url, { headers: { authorization: `token ${token}` } });
  const { content = '' } = (await answer.json()) as { content?: string };
  return Buffer.from(content, 'base64').toString();
}

async function readingOf({ client, repo }: GitHubWorld) {
  const { settingsText, organisationSettings } = await gatherSettings(client, repo);
  return readSettings(settingsText, organisationSettings);
}

describe('D14: the settings of a repository', () => {
  it.each<[string, NonNullable<NewRepository['files']>, RegExp]>([
    ['are not read through a link', { [path]: link('../docs/evil.yml'), 'docs/evil.yml': text }, /is a link/],
    ['are at most 64 KiB', { [path]: `# ${'x'.repeat(65_536)}\n${text}` }, /larger than 64 KiB/],
  ])('%s', async (_, files, problem) => {
    await using world = await openWorld({ files });
    expect(await askByPath(world)).toContain(text);
    expect(await readingOf(world)).toMatchObject({ problems: [expect.stringMatching(problem)] });
    expect(world.history().filter(({ path: asked }) => asked.includes('/git/blobs/'))).toEqual([]);
  });

  it.each<[string, NonNullable<NewRepository['files']>, RegExp]>([
    ['through a link that leads out', { [path]: link('../../../etc/passwd') }, /is a link/],
    ['through a folder that is a link', { '.github': link('docs'), 'docs/backend.yml': text }, /`.github` is one/],
    ['from a submodule', { [path]: submodule }, /is a submodule/],
    ['through a folder that is a submodule', { '.github': submodule }, /is a submodule/],
    ['from a folder', { [`${path}/a`]: text }, /is a folder/],
    ['in another encoding', { [path]: Buffer.from('base: \xfcber\n', 'latin1') }, /is not UTF-8/],
    ['in UTF-16', { [path]: Buffer.from('\uFEFFbase: a\n', 'utf16le') }, /is not UTF-8/],
  ])('are not read %s, and whoever asks is told', async (_, files, problem) => {
    await using world = await openWorld({ files });
    expect(await readingOf(world)).toMatchObject({ problems: [expect.stringMatching(problem)] });
  });

  it('are those of the commit that the work begins from, whatever is pushed at that moment', async () => {
    await using world = await openWorld({ files: { [path]: 'draft: false\n' } });
    const { standIn, repo, client } = world;
    const sha = await repo.branchSha('main');
    let pushed = false;
    const stop = standIn.intercept(async ({ path: asked }, phase) => {
      if (pushed || phase !== 'before' || !asked.includes('/contents/')) return;
      pushed = true;
      await standIn.pushCommit(repo, { branch: 'main', files: { [path]: text }, by: 'mona' });
    });
    const gathered = await gatherSettings(client, repo);
    stop();
    expect(pushed).toBe(true);
    expect(await askByPath(world)).toBe(text);
    expect(gathered).toEqual({ sha, settingsText: 'draft: false\n' });
  });

  it.each<[string, NonNullable<NewRepository['files']>]>([
    ['an ordinary file', { [path]: 'draft: false\n' }],
    ['an executable one', { [path]: { mode: '100755', content: 'draft: false\n' } }],
    ['one just below the limit', { [path]: `draft: false\n#${'x'.repeat(65_500)}\n` }],
  ])('are read from %s', async (_, files) => {
    await using world = await openWorld({ files });
    expect(await readingOf(world)).toMatchObject({ settings: { draft: false } });
  });

  it.each<[string, NonNullable<NewRepository['files']>]>([
    ['no file', { '.github/dependabot.yml': 'a' }],
    ['no folder', { a: 'a' }],
    ['a file where the folder would be', { '.github': 'a' }],
  ])('are the usual ones where there is %s', async (_, files) => {
    await using world = await openWorld({ files });
    expect(await readingOf(world)).toMatchObject({ settings: { draft: true } });
  });
});
