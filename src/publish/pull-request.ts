import { createHash } from 'node:crypto';
import {
  isSameText,
  mergeBody,
  renderSections,
  startBody,
  whatIsLeft,
  type Account,
  type Room,
  type Section,
} from '../account/index.ts';
import { BotError } from '../domain/index.ts';
import type { PullFacts } from '../github/index.ts';
import type { Doors } from './comments.ts';
import type { Pushed } from './commit.ts';

/** What a pull request says, and where it leads from. */
export interface PullPlan {
  readonly account: Account;
  readonly title: string;
  readonly pushed: Pushed;
  readonly template: string | undefined;
}

/**
 * Opens the pull request for a pushed branch, or brings our part of the open one up to date. What a person closed or merged at this head stays as it
 * is.
 */
export async function ensurePull(plan: PullPlan, doors: Doors): Promise<PullFacts> {
  const { account, title, pushed } = plan;
  const { client, effects } = doors;
  const { plan: granted } = account.job;
  const look = async (): Promise<PullFacts | undefined> => pickPull(await client.pullsByHead(pushed.branch), pushed);
  const body = renderBody(startOf(plan), { ...account, titleKey: titleKeyOf(title) });
  const draft = granted.draft || whatIsLeft(account).length > 0;
  const number = await effects.ensure(`pull:${pushed.branch}`, {
    look: async () => (await look())?.number,
    make: async () => {
      const pull = { title, body, head: pushed.branch, base: granted.base.branch, draft };
      return (await client.createPull(pull).catch(adopt(look))).number;
    },
  });
  const current = (await client.pullsByHead(pushed.branch)).find((pull) => pull.number === number);
  if (!current) throw new BotError('github-unavailable', `GitHub does not list pull request #${number} yet.`);
  return current.state === 'open' ? ensureTexts(current, plan, doors) : current;
}

/** Ours is the open one, or one that somebody closed at this very head; an older one of a re-used branch name is history. */
function pickPull(pulls: readonly PullFacts[], { headSha }: Pushed): PullFacts | undefined {
  return pulls.find(({ state }) => state === 'open') ?? pulls.find((pull) => pull.headSha === headSha);
}

/** GitHub refuses a second pull request for a branch: then the first one is what we look for, now or when it is shown. */
function adopt(look: () => Promise<PullFacts | undefined>): (error: unknown) => Promise<PullFacts> {
  return async (error) => {
    const isRefused = error instanceof BotError && error.code === 'github-taken';
    const found = isRefused ? await look() : undefined;
    if (!found) throw error;
    return found;
  };
}

/** Brings title and body up to date. A title that a person gave it stays, and from then on whatever it is called. */
async function ensureTexts(pull: PullFacts, { account, title: wanted }: PullPlan, { client, effects }: Doors) {
  const isOurs = pull.body.includes(`<!-- ${titleKeyOf(pull.title)} -->`);
  const title = isOurs && account.run.submission !== undefined ? wanted : pull.title;
  const titleKey = isOurs ? titleKeyOf(title) : undefined;
  const body = renderBody(() => pull.body, { ...account, titleKey });
  if (title === pull.title && isSameText(body, pull.body)) return pull;
  const change = { body, ...(title !== pull.title && { title }) };
  const before = createHash('sha256')
    .update(pull.body)
    .update('\0')
    .update(JSON.stringify([pull.title, change]));
  await effects.ensure(`pull-body:${pull.number}:${before.digest('hex')}`, {
    look: () => Promise.resolve(undefined),
    make: async () => (await client.updatePull(pull.number, change)).number,
  });
  return pull;
}

/** Kept in the body, where no database has to remember it. */
function titleKeyOf(title: string): string {
  return `our title: ${createHash('sha256').update(title.trim()).digest('hex').slice(0, 16)}`;
}

/** GitHub's limit for a body, in characters. */
const longestBody = 65_536;
/** What is given up first when a body is too long: output, then prose. */
const rooms: readonly Room[] = [
  { text: 30_000, output: 6000 },
  { text: 20_000, output: 1500 },
  { text: 8000, output: 300 },
  { text: 4000, output: 0 },
  { text: 1000, output: 0 },
];

function startOf({ template }: PullPlan): (sections: readonly Section[]) => string {
  const isUsable = template !== undefined && template.length < longestBody / 2;
  return (sections) => startBody(isUsable ? template : '', sections);
}

/** The fullest body that GitHub takes. What people wrote is never shortened; if it leaves no room for us, it stays as it is. */
function renderBody(start: (sections: readonly Section[]) => string, account: Account): string {
  for (const room of rooms) {
    const sections = renderSections(account, room);
    const body = mergeBody(start(sections), sections);
    if (body.length <= longestBody) return body;
  }
  return start([]);
}
