import type { Finding } from './checker.ts';
import { askedAt, branchOf, only } from './checker-scene.ts';
import type { CallEntry, Done, Scene } from './checker-scene.ts';

/** Every head that we push stands on the one before it, and changes something. */
export function checkLine(scene: Scene): readonly Finding[] {
  return only(scene.done, 'ref')
    .filter((one) => scene.isOurs(one) && one.change.did === 'moved')
    .flatMap(({ entry, change }) => {
      const move = `${branchOf(change)} went from ${short(change.from)} to ${short(change.to)}`;
      if (!change.isForward) return [{ message: `${move}, which does not stand on it`, evidence: [entry] }];
      return change.isSameTree ? [{ message: `${move}, which changes nothing`, evidence: [entry] }] : [];
    });
}

/** No branch, pull request or check run of a stopped issue, unless a new wish came in between. */
export function checkStops(scene: Scene): readonly Finding[] {
  const issueOf = createIssueOf(scene);
  return scene.done
    .filter((one) => scene.isOurs(one) && isWork(one))
    .flatMap((one) => {
      const issue = issueOf(one);
      if (issue === undefined) return [];
      const at = askedAt(one.entry);
      const last = scene.signals(issue).findLast((signal) => signal.at < at);
      if (last?.type !== 'stop' || at - last.at <= scene.expected.stopWithinMs) return [];
      const late = ((at - last.at) / 1000).toFixed(1);
      const message = `${one.change.what} ${one.change.did} ${late} s after ${issue} was stopped`;
      return [{ message, evidence: [last.entry, one.entry] }];
    });
}

/** Once a worker with a higher epoch has written for a job, one with a lower epoch changes nothing any more. */
export function checkEpochs({ calls }: Scene): readonly Finding[] {
  const highest = new Map<string, { epoch: number; call: CallEntry }>();
  const written = calls.filter(({ kind, method }) => kind === 'api' && method !== 'GET');
  return written
    .sort((a, b) => a.arrivedAt - b.arrivedAt)
    .flatMap((call) => {
      const [, job = '', number] = /\bjob ([^\s/]+)\/(\d+)/.exec(call.userAgent) ?? [];
      if (number === undefined) return [];
      const epoch = Number(number);
      const known = highest.get(job);
      if (known === undefined || epoch > known.epoch) highest.set(job, { epoch, call });
      if (known === undefined || epoch >= known.epoch || !isVisible(call)) return [];
      const message = `job ${job}: epoch ${epoch} wrote after epoch ${known.epoch} had: ${call.method} ${call.path}`;
      return [{ message, evidence: [known.call, call] }];
    });
}

/** Every branch of ours has a pull request, or people are told of it. */
export function checkLeftovers(scene: Scene): readonly Finding[] {
  if (!scene.expected.isOver) return [];
  const left = new Map<string, Done>();
  for (const one of only(scene.done, 'ref')) {
    const key = `${one.change.repository}:${branchOf(one.change)}`;
    if (one.change.did === 'created' && scene.isOurs(one)) left.set(key, one);
    if (one.change.did === 'deleted') left.delete(key);
  }
  for (const { change } of only(scene.done, 'pull')) left.delete(`${change.repository}:${change.head}`);
  const deleted = new Set(
    only(scene.done, 'repository').flatMap(({ change }) => (change.did === 'deleted' ? [change.repository] : [])),
  );
  const said = lastWords(scene);
  return [...left].flatMap(([key, { entry }]) => {
    const [repository = '', ...rest] = key.split(':');
    const branch = rest.join(':');
    const isTold = said.some((comment) => comment.repository === Number(repository) && comment.body.includes(branch));
    if (isTold || deleted.has(Number(repository))) return [];
    return [{ message: `the branch ${branch} is left, and nobody is told`, evidence: [entry] }];
  });
}

/** What our comments say in the end, those that are still there. */
function lastWords(scene: Scene): { repository: number; body: string }[] {
  const comments = new Map<number, { repository: number; body: string }>();
  for (const { change } of only(scene.done, 'comment')) {
    if (change.author !== scene.bot) continue;
    if (change.did === 'deleted') comments.delete(change.id);
    else comments.set(change.id, change);
  }
  return [...comments.values()];
}

/** Clearing away is no work: a branch deleted, a pull request closed, a check run ended without success. */
function isWork({ change }: Done): boolean {
  if (change.what === 'ref') return change.did !== 'deleted';
  if (change.what === 'pull') return ['opened', 'reopened', 'edited'].includes(change.did);
  if (change.what !== 'check-run') return false;
  return change.did === 'created' || change.status !== 'completed' || change.conclusion === 'success';
}

function createIssueOf(scene: Scene): (one: Done) => string | undefined {
  const branches = new Map(
    only(scene.done, 'ref').map(({ change }) => [`${change.repository}@${change.to ?? ''}`, branchOf(change)] as const),
  );
  return ({ change }) => {
    if (change.what === 'pull') return scene.issueOfPull(change);
    if (change.what === 'ref') return scene.issueOfBranch(change.repository, branchOf(change));
    if (change.what !== 'check-run') return undefined;
    const branch = branches.get(`${change.repository}@${change.headSha}`);
    return branch === undefined ? undefined : scene.issueOfBranch(change.repository, branch);
  };
}

/** Objects and tokens are seen by nobody. */
function isVisible({ changes }: CallEntry): boolean {
  return changes.some(({ what }) => what !== 'object' && what !== 'token');
}

function short(sha: string | null): string {
  return (sha ?? 'nothing').slice(0, 12);
}
