import type { Verb, WorkRequest } from './domain/index.ts';
import { branchFor } from './job/index.ts';
import { canWrite, readChoice, type Facts, type Place } from './policy/index.ts';
import { findNewestProposal } from './publish/index.ts';
import { readSettings, type Settings } from './settings/index.ts';
import { isDelegator, looksAtFiles } from './ways/index.ts';
import type {
  AppIdentity,
  IssueFacts,
  Permission,
  PullFacts,
  RepositoryClient,
  RepositoryFacts,
} from './github/index.ts';
import type { Store } from './store/index.ts';
import { gatherAsked } from './asked.ts';
import type { Desk } from './deps.ts';

/** Reads from GitHub, now, everything that policy decides on: live state outranks what the delivery said. */
export async function gatherFacts(request: WorkRequest, desk: Desk): Promise<Facts> {
  const { client, store, settings, claim, bot } = desk;
  const repository = await client.facts();
  const [issue, { sha, ...texts }, spentTodayUsd, earlier] = await Promise.all([
    request.subject.number === 0 ? undefined : client.issue(request.subject.number),
    gatherSettings(client, repository),
    store.spentToday(),
    store.earlier(claim),
  ]);
  const reading = readSettings(texts.settingsText, texts.organisationSettings);
  const wanted = 'settings' in reading ? reading.settings : undefined;
  const branch = issue && wanted && branchFor(wanted.branch, issue);
  const base = wantedBase(request, earlier) ?? wanted?.base ?? repository.defaultBranch;
  const [asker, baseSha, ours, positions, subjectPull, proposal] = await Promise.all([
    gatherAsker(request, { issue, wanted, client, bot }),
    base === repository.defaultBranch ? sha : client.branchSha(base),
    gatherOurPulls(request, branch, { client, store }),
    gatherPositions(request, store),
    gatherPull(request, { issue, repository, client }),
    gatherProposal(request, client, bot),
  ]);
  const place = findPlace(issue, bot);
  const asksNothing = await isAskedNothing(request, { place, ...asker }, desk);
  const limits = { ...settings.budget, spentTodayUsd };
  const goesOn = request.verb === 'continue';
  const publisher = goesOn ? await store.publisherOf(repository.id, request.subject.number) : undefined;
  const pulls = { ...subjectPull, branch, ours, publisher };
  return {
    ...{ ...asker, repository, issue, place, asksNothing, ...texts, baseSha, ...pulls },
    ...{ proposal, earlier, positions, limits },
  };
}

interface Asking extends Pick<Desk, 'client' | 'bot'> {
  readonly issue: IssueFacts | undefined;
  readonly wanted: Settings | undefined;
}

/** What who asked may do, and whether what they asked about is still what it was. */
async function gatherAsker(request: WorkRequest, asking: Asking): Promise<Pick<Facts, 'permission' | 'changedSince'>> {
  const permission = await gatherPermission(request, asking);
  return { permission, changedSince: await isChangedSince(request, asking) };
}

/**
 * GitHub tells of no App what it may do in a repository: asked for the permission of a bot, it answers that this is no user. A listed App counts
 * as a person who may write when what it asks for wherever it is installed includes writing contents; that it is installed here, GitHub has
 * shown by letting it speak.
 */
async function gatherPermission({ sender }: WorkRequest, { wanted, client, bot }: Asking): Promise<Permission> {
  if (sender.type !== 'Bot') return client.permissionOf(sender);
  if (wanted === undefined || sender.id === bot.botId || !isDelegator(sender, wanted.triggers)) return 'none';
  const app = await client.appPermissions(sender.login.replace(/\[bot\]$/u, ''));
  return app?.['contents'] === 'write' ? 'write' : 'none';
}

/** GitHub's clock and ours differ by a few seconds. */
const clockMs = 10_000;

/** A dispatch does not hold what the issue says. Those who may write may change it meanwhile, as may we; nobody else. */
async function isChangedSince(
  { via, seen, requestedAt }: WorkRequest,
  { issue, client, bot }: Asking,
): Promise<boolean> {
  if (via !== 'dispatch' || seen.title !== '' || issue === undefined) return false;
  if (Date.parse(issue.updatedAt) <= Date.parse(requestedAt) + clockMs || issue.author.id === bot.botId) return false;
  return !canWrite(await client.permissionOf(issue.author));
}

/** What is decided on the plan that stands in the thread. */
const asksForPlan: readonly Verb[] = ['approve', 'status'];

async function gatherProposal({ verb, subject }: WorkRequest, client: RepositoryClient, bot: AppIdentity) {
  return asksForPlan.includes(verb) ? findNewestProposal(client, bot, subject.number) : undefined;
}

/** The base that the command names. */
function wantedBase(request: WorkRequest, earlier: Facts['earlier']): string | undefined {
  const options = readChoice(request, earlier);
  return 'choice' in options ? options.choice.base : undefined;
}

/** A review may say nothing, or nothing that work asked for later has not read. */
async function isAskedNothing(
  request: WorkRequest,
  { place, permission }: Pick<Facts, 'place' | 'permission'>,
  desk: Desk,
): Promise<boolean> {
  if (request.via !== 'review' || place !== 'ours' || !canWrite(permission)) return false;
  return !(await gatherAsked(request, desk)).isNew;
}

function findPlace(issue: IssueFacts | undefined, bot: AppIdentity): Place {
  if (issue?.isPullRequest !== true) return 'issue';
  return issue.author.id === bot.botId ? 'ours' : 'theirs';
}

/** What brings the base into a pull request, or goes on with that. */
const bringsBaseIn: readonly Verb[] = ['rebase', 'continue', 'retry'];

/** The pull request that the subject is, where it left its base, and where its branch points, which outlives neither its fork nor its deletion. */
async function gatherPull(
  { via, verb }: WorkRequest,
  { issue, repository, client }: Pick<Desk, 'client'> & Pick<Facts, 'issue' | 'repository'>,
): Promise<Pick<Facts, 'pull' | 'headNow' | 'mergeBase' | 'baseTip' | 'changedPaths'>> {
  const pull = issue?.isPullRequest === true ? await client.pull(issue.number) : undefined;
  const headNow = pull?.headRepositoryId === repository.id ? await client.branchSha(pull.headBranch) : undefined;
  const changedPaths = via === 'files' && pull ? await client.pullPaths(pull.number) : [];
  const mergeBase = pull && (await client.mergeBase(pull.baseBranch, pull.headSha));
  const baseTip = pull && bringsBaseIn.includes(verb) ? await client.branchSha(pull.baseBranch) : undefined;
  return { pull, headNow, mergeBase, baseTip, changedPaths };
}

/** Whether the settings want files to be looked at: most pushes are over with this, for a few reads. */
export async function wantsFiles({ trigger }: WorkRequest, { client }: Pick<Desk, 'client'>): Promise<boolean> {
  const { settingsText, organisationSettings } = await gatherSettings(client, await client.facts());
  const reading = readSettings(settingsText, organisationSettings);
  return 'settings' in reading && looksAtFiles(reading.settings.triggers.files, trigger);
}

/** Further back in the queue nobody is told a number. */
const farthest = 1_000;

async function gatherPositions({ verb }: WorkRequest, store: Store): Promise<ReadonlyMap<string, number>> {
  if (verb !== 'status') return new Map();
  return new Map((await store.waiting(farthest)).map(({ jobId, position }) => [jobId, position]));
}

const settingsPath = '.github/backend.yml';

/** The commit of the default branch, and the repository's settings in that commit, with what its owner has for all repositories. */
export async function gatherSettings(
  client: RepositoryClient,
  { owner, name, defaultBranch }: Pick<RepositoryFacts, 'owner' | 'name' | 'defaultBranch'>,
) {
  const [own, organisationSettings] = await Promise.all([
    gatherOwnSettings(client, defaultBranch),
    name === '.github' ? undefined : client.organisationFile(owner, settingsPath),
  ]);
  return { ...own, organisationSettings };
}

async function gatherOwnSettings(client: RepositoryClient, defaultBranch: string) {
  const sha = await client.branchSha(defaultBranch);
  return { sha, settingsText: sha === undefined ? undefined : await client.fileText(settingsPath, sha) };
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
