import { describe, expect, it } from 'vitest';
import { gatherSettings } from '../../src/facts.ts';
import { createTime, doorTo, identityOf, mintsOf, shareStandIn, type GitHubWorld } from './github-world.ts';

const openWorld = shareStandIn();
const path = '.github/backend.yml';
const text = 'draft: false\n';

async function shareFile({ standIn, repo }: GitHubWorld, files: Readonly<Record<string, string>> = { [path]: text }) {
  return standIn.createRepository({ owner: repo.owner, name: '.github', isPrivate: true, files });
}

async function found({ client, repo }: GitHubWorld) {
  return (await gatherSettings(client, repo)).organisationSettings;
}

describe('the settings of an organisation', () => {
  it('are read from its repository `.github` with a token that opens nothing else', async () => {
    await using world = await openWorld();
    await shareFile(world);
    const before = world.history().length;
    expect(await found(world)).toEqual({ repository: `${world.repo.owner}/.github`, text });
    const minted = mintsOf(world).map(({ body }) => body);
    expect(minted).toContainEqual({ repositories: ['.github'], permissions: { contents: 'read' } });
    expect(world.history().length).toBeGreaterThan(before);
  });

  it('are not there where the owner has no such repository, or has not given it to the App', async () => {
    await using world = await openWorld();
    expect(await found(world)).toBeUndefined();
    await using other = await openWorld();
    const shared = await shareFile(other);
    other.standIn.removeRepository(shared, { by: 'mona' });
    expect(await found(other)).toBeUndefined();
  });

  it('are not there where the repository has no such file', async () => {
    await using world = await openWorld();
    await shareFile(world, { 'README.md': 'a' });
    expect(await found(world)).toBeUndefined();
  });

  it('are looked for once a minute, whoever asks', async () => {
    const time = createTime();
    await using world = await openWorld();
    const { standIn, repo } = world;
    const shared = await shareFile(world);
    const github = doorTo(standIn, time);
    const ask = () => github.repository(identityOf(repo)).organisationFile(repo.owner, path);
    const looks = () => world.history().filter((each) => each.path.includes('/.github/contents/')).length;
    await Promise.all([ask(), ask()]);
    await standIn.pushCommit(shared, { branch: 'main', files: { [path]: 'draft: true\n' }, by: 'mona' });
    expect(await ask()).toMatchObject({ text });
    expect(looks()).toBe(1);
    time.pass(60_000);
    expect(await ask()).toMatchObject({ text: 'draft: true\n' });
    expect(looks()).toBe(2);
  });

  it('are not silently left out when GitHub fails, and are asked for again', async () => {
    await using world = await openWorld({ door: createTime() });
    await shareFile(world);
    world.standIn.plantFault({ path: /\/\.github\/contents\//, times: 4, then: 'status', status: 502 });
    await expect(found(world)).rejects.toMatchObject({ code: 'github-unavailable' });
    world.standIn.clearFaults();
    expect(await found(world)).toMatchObject({ text });
  });
});
