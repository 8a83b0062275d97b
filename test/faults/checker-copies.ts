import type { CommentChange } from '../stand-ins/github/index.ts';
import type { Finding } from './checker.ts';
import { keyOf, only } from './checker-scene.ts';
import type { Done, Scene } from './checker-scene.ts';

/** At most one live pull request of ours per issue. */
export function checkPulls(scene: Scene): readonly Finding[] {
  const open = createCopies(scene);
  for (const one of only(scene.done, 'pull')) {
    const { did, number, author, repository } = one.change;
    if (author !== scene.bot) continue;
    const issue = scene.issueOfPull(one.change);
    const id = keyOf(repository, number);
    if (did === 'opened' || did === 'reopened') open.add({ about: issue, id, one, isOurs: scene.isOurs(one) });
    if (did === 'closed' || did === 'merged') open.remove(issue, id);
  }
  return open.findings((about, ids) => `${about} has ${ids.length} live pull requests: ${ids.join(', ')}`);
}

/** One status comment of ours per issue. */
export function checkStatusComments(scene: Scene): readonly Finding[] {
  const found = copiesOf(scene, ({ repository, issue, body }) =>
    statusMarker.test(body) ? keyOf(repository, issue) : undefined,
  );
  return found.findings((about, ids) => `${about} has ${ids.length} status comments: ${ids.join(', ')}`);
}

/** One reply of ours per intention. */
export function checkReplies(scene: Scene): readonly Finding[] {
  const found = copiesOf(scene, ({ repository, body }) => {
    const intention = replyMarker.exec(body)?.[1];
    return intention === undefined ? undefined : `${repository} ${intention}`;
  });
  return found.findings((about, ids) => `the intention ${about} has ${ids.length} replies: ${ids.join(', ')}`);
}

/** One check run of our name per head. */
export function checkCheckRuns(scene: Scene): readonly Finding[] {
  const runs = createCopies(scene);
  for (const one of only(scene.done, 'check-run')) {
    const { did, repository, headSha, name, id } = one.change;
    const isNamed = scene.expected.checkRun === undefined || scene.expected.checkRun === name;
    if (did === 'created' && scene.isOurs(one) && isNamed) {
      runs.add({ about: `${repository}@${headSha.slice(0, 12)} ${name}`, id: String(id), one, isOurs: true });
    }
  }
  return runs.findings((about, ids) => `${about} has ${ids.length} check runs: ${ids.join(', ')}`);
}

export const statusMarker = /^<!-- backend:status \d+ -->/;
export const replyMarker = /^<!-- backend:reply (.*?) -->/;

function copiesOf(scene: Scene, aboutOf: (comment: CommentChange) => string | undefined): Copies {
  const copies = createCopies(scene);
  for (const one of only(scene.done, 'comment')) {
    const { change } = one;
    const about = change.author === scene.bot ? aboutOf(change) : undefined;
    if (about === undefined) continue;
    if (change.did === 'created') copies.add({ about, id: String(change.id), one, isOurs: scene.isOurs(one) });
    if (change.did === 'deleted') copies.remove(about, String(change.id));
  }
  return copies;
}

interface Copy {
  readonly about: string;
  readonly id: string;
  readonly one: Done;
  /** False when a person brought it back: then it is there, and nobody did it twice. */
  readonly isOurs: boolean;
}

interface Copies {
  add(copy: Copy): void;
  remove(about: string, id: string): void;
  findings(say: (about: string, ids: readonly string[]) => string): readonly Finding[];
}

/** Things of which there must be one at a time; with lists that lagged, one in the end. */
function createCopies({ expected: { copiesMayBeRemoved = false } }: Scene): Copies {
  const live = new Map<string, Copy[]>();
  const broken: { about: string; copies: readonly Copy[] }[] = [];
  return {
    add: (copy) => {
      const copies = [...(live.get(copy.about) ?? []), copy];
      live.set(copy.about, copies);
      if (copies.length > 1 && copy.isOurs) broken.push({ about: copy.about, copies });
    },
    remove: (about, id) => {
      live.set(
        about,
        (live.get(about) ?? []).filter((copy) => copy.id !== id),
      );
    },
    findings: (say) => {
      const left = [...live].map(([about, copies]) => ({ about, copies }));
      const wrong = copiesMayBeRemoved
        ? left.filter(({ copies }) => copies.filter(({ isOurs }) => isOurs).length > 1)
        : broken;
      return wrong.map(({ about, copies }) => ({
        message: say(
          about,
          copies.map(({ id }) => id),
        ),
        evidence: copies.map(({ one }) => one.entry),
      }));
    },
  };
}
