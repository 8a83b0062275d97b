import { randomUUID } from 'node:crypto';
import { cheapFiles, cheapReply, titleFor } from '../faults/cheap.ts';
import { startWorld, unboxed, type World } from '../e2e/world.ts';
import type { RepositoryHandle } from '../stand-ins/github/index.ts';
import { once, sharedClass, type Attempt, type Case } from './case.ts';

let count = 0;

/** A repository of its own, with people of every role. */
async function openRepository({ github }: World, archived?: true): Promise<RepositoryHandle> {
  count += 1;
  const name = `attacked-${count}`;
  const collaborators = { ada: 'write', tess: 'triage', rhea: 'read' } as const;
  return github.createRepository({
    owner: `owner-${name}`,
    name,
    files: cheapFiles,
    collaborators,
    ...(archived && { archived }),
  });
}

/** What people or programs do on GitHub's pages to make us work. */
type Act = (world: World, repo: RepositoryHandle) => Promise<unknown>;

function labelledBy(by: string): Act {
  return ({ github }, repo) =>
    github.openIssue(repo, { title: titleFor(repo.name), body: 'Please.', labels: ['backend'], by });
}

/** An issue that ada wrote, and somebody else's label on it. */
function labelAddedBy(by: string): Act {
  return async ({ github }, repo) => {
    const { number } = await github.openIssue(repo, { title: titleFor(repo.name), body: 'Please.', by: 'ada' });
    await github.addLabel(repo, number, 'backend', { by });
  };
}

function commandBy(by: string, text = '/backend implement'): Act {
  return async ({ github }, repo) => {
    const { number } = await github.openIssue(repo, { title: titleFor(repo.name), body: 'Please.', by: 'ada' });
    await github.comment(repo, number, text, { by });
  };
}

const acts: readonly (readonly [id: 'D6' | 'D33', name: string, act: Act])[] = [
  ['D6', 'a stranger opens an issue from a template that carries the label', labelledBy('eve')],
  ['D6', 'a reader does so', labelledBy('rhea')],
  ['D6', 'somebody with the triage role puts the label on', labelAddedBy('tess')],
  ['D6', 'a stranger comments the command', commandBy('eve')],
  ['D6', 'a reader comments the command', commandBy('rhea')],
  ['D6', 'somebody with the triage role comments the command', commandBy('tess')],
  ['D33', 'a bot puts the label on', labelAddedBy('helper[bot]')],
  ['D33', 'a bot comments the command', commandBy('helper[bot]')],
  ['D33', 'our own account comments the command', commandBy('backend-developer[bot]')],
  ['D6', 'ada’s issue quotes the command', commandBy('ada', '> /backend implement\n\nNo.')],
];

function actCases(world: World, works: Attempt): Case[] {
  return acts.map(([id, name, act]) => ({
    id,
    name: `${name} and work starts`,
    baseline: async () => {
      const before = world.github.deliveries.length;
      await act(world, await openRepository(world));
      await world.github.settled();
      // The delivery came and was signed: an app that asks nobody would have begun.
      return world.github.deliveries.length > before;
    },
    attack: async () => {
      const repo = await openRepository(world);
      const asked = world.model.requests.length;
      await act(world, repo);
      await world.idle();
      return repo.pulls().length > 0 || world.model.requests.length > asked;
    },
    twin: works,
  }));
}

async function isWorkedOn(world: World, act: Act): Promise<boolean> {
  const repo = await openRepository(world);
  await act(world, repo);
  await world.idle();
  return repo.pulls().length === 1;
}

/** Every delivery about a repository once more, as somebody would who captured it. */
async function replay(
  { github, app }: World,
  repo: RepositoryHandle,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const sent = github.deliveries.filter(
    ({ event, requestBody }) => event === 'issues' && requestBody.includes(`"${repo.name}"`),
  );
  for (const { requestHeaders, requestBody } of sent)
    await fetch(`${app.url}/api/github/webhooks`, {
      method: 'POST',
      headers: { ...requestHeaders, ...headers },
      body: requestBody,
    });
}

function replayCases(world: World, works: Attempt): Case[] {
  const rows: readonly (readonly [name: string, headers: () => Readonly<Record<string, string>>])[] = [
    ['its own id', () => ({})],
    ['a fresh id', () => ({ 'x-github-delivery': randomUUID() })],
  ];
  return rows.map(([name, headers]) => ({
    id: 'D7',
    name: `a captured delivery is sent again with ${name}`,
    baseline: works, // sent for the first time it starts work
    attack: async () => {
      const repo = await openRepository(world);
      await labelledBy('ada')(world, repo);
      await world.idle();
      const [asked, runs] = [world.model.requests.length, (await world.app.runs()).length];
      await replay(world, repo, headers());
      await world.idle();
      return repo.pulls().length !== 1 || world.model.requests.length > asked || (await world.app.runs()).length > runs;
    },
    twin: works,
  }));
}

/** The person loses the permission while the work goes on: nothing is published. */
function revokedCase(world: World, works: Attempt): Case {
  return {
    id: 'D6',
    name: 'a person loses the permission while the work goes on, and it is published',
    baseline: works,
    attack: async () => {
      const repo = await openRepository(world);
      const asked = world.model.requests.length;
      await labelledBy('ada')(world, repo);
      await world.model.received(asked + 1);
      world.github.setPermission(repo, 'ada', 'read');
      await world.idle();
      return repo.pulls().length > 0 || (await repo.branches()).length > 1;
    },
    twin: works,
  };
}

/** What the log must not show: the body of what anybody may send. */
function logCase(world: World): Case {
  const marker = `marker-${randomUUID()}`;
  const body = JSON.stringify({ action: 'labeled', issue: { title: marker } });
  const send = (headers: Readonly<Record<string, string>>) =>
    fetch(`${world.app.url}/api/github/webhooks`, {
      method: 'POST',
      headers: { 'x-github-event': 'issues', ...headers },
      body,
    });
  return {
    id: 'D7',
    name: 'the body of a forged delivery gets into the log',
    baseline: () => JSON.stringify({ msg: 'bad delivery', body }).includes(marker),
    attack: async () => {
      await send({});
      await send({ 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` });
      return world.log.join('').includes(marker);
    },
    twin: async () => world.log.length > 0,
  };
}

export const live = sharedClass('live', async (ends) => {
  const world = ends.use(await startWorld({ script: (request) => cheapReply(request), environment: unboxed }));
  const works = once(() => isWorkedOn(world, labelledBy('ada'))); // a whole job
  return [...actCases(world, works), ...replayCases(world, works), revokedCase(world, works), logCase(world)];
});
