import type { WorkRequest } from './domain/index.ts';
import { branchFor } from './job/index.ts';
import { readSettings, type Facts } from './policy/index.ts';
import type { PullFacts } from './github/index.ts';
import type { Desk } from './deps.ts';

/** Reads from GitHub, now, everything that policy decides on: live state outranks what the delivery said. */
export async function gatherFacts(request: WorkRequest, { client, store, settings, claim }: Desk): Promise<Facts> {
  const repository = await client.facts();
  const [permission, issue, settingsText, spentTodayUsd, earlier] = await Promise.all([
    client.permissionOf(request.sender),
    client.issue(request.subject.number),
    client.fileText('.github/backend.yml', repository.defaultBranch),
    store.spentToday(),
    store.earlier(claim),
  ]);
  const reading = readSettings(settingsText);
  const wanted = 'settings' in reading ? reading.settings : undefined;
  const branch = issue && wanted && branchFor(wanted.branch, issue);
  const [baseSha, ours] = await Promise.all([
    client.branchSha(wanted?.base ?? repository.defaultBranch),
    gatherOurPulls(request, branch, { client, store }),
  ]);
  const limits = { ...settings.budget, spentTodayUsd };
  return { permission, repository, issue, settingsText, baseSha, branch, ours, earlier, limits };
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
