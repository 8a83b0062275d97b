import type { WorkRequest } from './domain/index.ts';
import { branchFor } from './job/index.ts';
import { readSettings, type Facts } from './policy/index.ts';
import type { PullFacts, RepositoryClient } from './github/index.ts';
import type { Desk } from './deps.ts';

/** Reads from GitHub, now, everything that policy decides on: live state outranks what the delivery said. */
export async function gatherFacts(request: WorkRequest, { client, store, settings, claim }: Desk): Promise<Facts> {
  const repository = await client.facts();
  const [permission, issue, { sha, settingsText }, spentTodayUsd, earlier] = await Promise.all([
    client.permissionOf(request.sender),
    client.issue(request.subject.number),
    gatherSettings(client, repository.defaultBranch),
    store.spentToday(),
    store.earlier(claim),
  ]);
  const reading = readSettings(settingsText);
  const wanted = 'settings' in reading ? reading.settings : undefined;
  const branch = issue && wanted && branchFor(wanted.branch, issue);
  const [baseSha, ours] = await Promise.all([
    wanted?.base === undefined || wanted.base === repository.defaultBranch ? sha : client.branchSha(wanted.base),
    gatherOurPulls(request, branch, { client, store }),
  ]);
  const limits = { ...settings.budget, spentTodayUsd };
  return { permission, repository, issue, settingsText, baseSha, branch, ours, earlier, limits };
}

/** The commit of the default branch, and the repository's settings in that commit. */
export async function gatherSettings(client: RepositoryClient, defaultBranch: string) {
  const sha = await client.branchSha(defaultBranch);
  return { sha, settingsText: sha === undefined ? undefined : await client.fileText('.github/backend.yml', sha) };
}

/** By branch, and by what earlier jobs recorded: an edited title or a taken name has led to another branch. */
async function gatherOurPulls(
  { repository, subject }: WorkRequest,
  branch: string | undefined,
  { client, store }: Pick<Desk, 'client' | 'store'>,
): Promise<readonly PullFacts[]> {
  const [byBranch, numbers] = await Promise.all([
    branch === undefined ? [] : client.pullsByHead(branch),
    store.publishedPulls(repository.id, subject.number),
  ]);
  const unseen = numbers.filter((number) => !byBranch.some((pull) => pull.number === number));
  const recorded = await Promise.all(unseen.map((number) => client.pull(number)));
  return [...byBranch, ...recorded.filter((pull) => pull !== undefined)];
}
