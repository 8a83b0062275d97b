import type { WorkRequest } from './domain/index.ts';
import { branchFor } from './job/index.ts';
import { readSettings, type Facts } from './policy/index.ts';
import type { Desk } from './deps.ts';

/** Reads from GitHub, now, everything that policy decides on: live state outranks what the delivery said. */
export async function gatherFacts(request: WorkRequest, { client, store, settings }: Desk): Promise<Facts> {
  const repository = await client.facts();
  const [permission, issue, settingsText, spentTodayUsd] = await Promise.all([
    client.permissionOf(request.sender),
    client.issue(request.subject.number),
    client.fileText('.github/backend.yml', repository.defaultBranch),
    store.spentToday(),
  ]);
  const reading = readSettings(settingsText);
  const wanted = 'settings' in reading ? reading.settings : undefined;
  const branch = issue && wanted && branchFor(wanted.branch, issue);
  const [baseSha, ours] = await Promise.all([
    client.branchSha(wanted?.base ?? repository.defaultBranch),
    branch === undefined ? [] : client.pullsByHead(branch),
  ]);
  const limits = { ...settings.budget, spentTodayUsd };
  return { permission, repository, issue, settingsText, baseSha, branch, ours, limits };
}
