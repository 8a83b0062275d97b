import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { WorkRequest } from '../../src/domain/index.ts';
import { mayMention, readDelivery, readLabeledIssue, wantedEvents } from '../../src/trigger/index.ts';

const bot = { appId: 4711, slug: 'back-bot' };
const arrival = { id: 'guid-1', at: '2025-06-01T10:00:00Z' };
const deliveries = new URL('../fixtures/deliveries/', import.meta.url);

/** What GitHub publishes of every kind of delivery; the package is JSON, and its types describe something else. */
const examples = createRequire(import.meta.url)('@octokit/webhooks-examples') as {
  readonly name: string;
  readonly examples: readonly object[];
}[];

function recorded(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`${name}.json`, deliveries), 'utf8'));
}

function read(name: string) {
  return readDelivery(name.split('.')[0] ?? '', recorded(name), bot, arrival);
}

const onCode = {
  subject: { kind: 'pull_request', number: 2 },
  source: { type: 'review-comment', commentId: 284312630 },
  intention: 'review-comment:284312630',
};
const reviewCommand = {
  verb: 'revise',
  instruction: 'use a constant here',
  subject: { kind: 'pull_request', number: 2 },
  source: { type: 'review', reviewId: 237895671 },
  intention: 'review:237895671',
};

function recordedEdit(): string {
  return (recorded('issue_comment.edited') as { comment: { updated_at: string } }).comment.updated_at;
}

function readRequest(name: string): WorkRequest {
  const reading = read(name);
  if (!('request' in reading)) throw new Error(`${name} asks for nothing: ${JSON.stringify(reading)}`);
  return reading.request;
}

describe('a delivery that asks for something', () => {
  it('reads a label put on an issue', () => {
    expect(readRequest('issues.labeled')).toEqual({
      verb: 'implement',
      said: 'implement',
      seen: { title: 'Add a health endpoint', body: '`GET /health` answers 200 with `{"status":"ok"}`.' },
      via: 'label',
      trigger: 'backend',
      repository: { id: 186853002, owner: 'Codertocat', name: 'Hello-World', installationId: 5001 },
      subject: { kind: 'issue', number: 1 },
      sender: { id: 21031067, login: 'Codertocat', type: 'User' },
      requestedAt: '2019-05-15T16:02:44Z',
      instruction: '',
      source: { type: 'issue' },
      intention: 'label:1:2019-05-15T16:02:44Z:backend',
      round: 0,
    });
  });

  it('reads a command in a comment', () => {
    expect(readRequest('issue_comment.created')).toMatchObject({
      verb: 'implement',
      via: 'command',
      trigger: '/backend',
      subject: { kind: 'issue', number: 1 },
      requestedAt: '2019-05-15T15:20:21Z',
      instruction: 'with a readiness check too',
      source: { type: 'comment', commentId: 492700400 },
      intention: 'comment:492700400',
    });
  });

  it.each([
    ['help is a verb', 'issue_comment.created.help', { verb: 'help', said: 'help' }],
    [
      'a verb we lack is kept as it was typed',
      'issue_comment.created.unknown-verb',
      { verb: 'unknown', said: 'implemnt' },
    ],
    [
      'a pull request is told from an issue',
      'issue_comment.created.on-pull-request',
      { subject: { kind: 'pull_request', number: 1 } },
    ],
    ['of several labels at opening the usual one counts', 'issues.opened', { trigger: 'backend', verb: 'implement' }],
  ])('%s', (_, name, expected) => {
    expect(readRequest(name)).toMatchObject(expected);
  });

  it.each([
    [
      'a command that an edit adds, asked for when it was edited, and only once',
      'issue_comment.edited',
      { verb: 'implement', intention: 'comment:492700400', requestedAt: recordedEdit() },
    ],
    ['a command in a review', 'pull_request_review.submitted.command', reviewCommand],
    ['a command on a line of code', 'pull_request_review_comment.created', { verb: 'explain', ...onCode }],
    [
      'a command that an edit adds on a line of code',
      'pull_request_review_comment.edited',
      { verb: 'explain', ...onCode },
    ],
  ])('reads %s', (_, name, expected) => {
    expect(readRequest(name)).toMatchObject(expected);
  });

  it.each([
    ['an issue', 'issue_comment.created', {}, 'implement'],
    ['a pull request of ours', 'issue_comment.created.on-pull-request', { login: 'back-bot[bot]' }, 'revise'],
    ['a pull request of somebody else', 'issue_comment.created.on-pull-request', { login: 'ada' }, 'explain'],
  ])('takes a mention without a verb on %s for what is usual there', (_, name, user, verb) => {
    const payload = structuredClone(recorded(name)) as { comment: { body: string }; issue: { user: object } };
    payload.comment.body = '@back-bot please look';
    payload.issue.user = { ...payload.issue.user, ...user };
    const reading = readDelivery('issue_comment', payload, bot, arrival);
    expect(reading).toMatchObject({ request: { verb, said: verb, via: 'mention', instruction: 'please look' } });
    expect(mayMention(payload)).toBe(true);
    expect(readDelivery('issue_comment', payload, { ...bot, slug: '' }, arrival)).toMatchObject({ type: 'ignored' });
  });

  it('takes opening with a label and that labelling for one wish', () => {
    expect(readRequest('issues.labeled.at-opening').intention).toBe(readRequest('issues.opened').intention);
  });

  it('takes another label put on at opening, and the same label put on later, for other wishes', () => {
    const opened = readRequest('issues.opened').intention;
    expect(readRequest('issues.labeled.another-label-at-opening').intention).not.toBe(opened);
    expect(readRequest('issues.labeled').intention).not.toBe(opened);
  });

  it('replaces characters that a database cannot keep', () => {
    const payload = { ...Object(recorded('issue_comment.created')) } as { comment: object };
    payload.comment = { ...payload.comment, body: '/backend implement a\u0000b\ud800c' };
    const reading = readDelivery('issue_comment', payload, bot, arrival);
    expect(reading).toMatchObject({ request: { instruction: 'a b\ufffdc' } });
  });
});

describe('a delivery that asks to stop', () => {
  it.each([
    ['issues.unlabeled', { via: 'label', trigger: 'backend', intention: 'unlabel:1:2019-05-15T15:20:26Z:backend' }],
    ['issues.closed', { via: 'closing', intention: 'close:1:2019-05-15T15:20:26Z' }],
    ['issues.closed.by-bot', { via: 'closing', sender: { login: 'stale[bot]', type: 'Bot' } }],
    ['issues.deleted', { via: 'closing' }],
    ['issues.transferred', { via: 'closing' }],
    ['issue_comment.created.stop', { via: 'command', trigger: '/backend', intention: 'comment:492700400' }],
  ])('%s', (name, expected) => {
    expect(read(name)).toMatchObject({
      type: 'stop',
      request: { verb: 'stop', said: 'stop', subject: { kind: 'issue', number: 1 }, ...expected },
    });
  });
});

describe('work that a program delegates', () => {
  const name = 'repository_dispatch.backend-developer';
  it('is read from its payload, for whoever sent it, when it came', () => {
    expect(readRequest(name)).toEqual({
      repository: { id: 17273051, owner: 'octo-org', name: 'octo-repo', installationId: 5001 },
      verb: 'implement',
      said: 'implement',
      via: 'dispatch',
      trigger: 'task-planner',
      subject: { kind: 'issue', number: 7 },
      sender: { id: 21031067, login: 'Codertocat', type: 'User' },
      requestedAt: arrival.at,
      seen: { title: '', body: '' },
      instruction: 'Add a health endpoint\nand its test',
      source: { type: 'issue' },
      intention: 'dispatch:guid-1',
      round: 0,
    });
  });

  it.each([
    ['without-issue', { subject: { kind: 'issue', number: 0 }, instruction: 'Add a health endpoint' }],
    ['without-instruction', { subject: { kind: 'issue', number: 7 }, instruction: '', trigger: '' }],
  ])('is read %s', (how, expected) => {
    expect(readRequest(`${name}.${how}`)).toMatchObject(expected);
  });

  it.each([0, -1, 1.5, 2 ** 31, '7', [7], {}])('names no issue by %j', (issue) => {
    const payload = { ...(recorded(name) as object), client_payload: { issue, instruction: 'x', from: 'y' } };
    expect(readDelivery('repository_dispatch', payload, bot, arrival)).toMatchObject({ type: 'ignored' });
  });

  it('is never our own', () => {
    const sender = { id: 1, login: 'Back-Bot[bot]', type: 'Bot' };
    const payload = { ...(recorded(name) as object), sender };
    expect(readDelivery('repository_dispatch', payload, bot, arrival)).toMatchObject({
      reason: 'we sent it ourselves',
    });
    expect(mayMention(payload)).toBe(true);
  });
});

describe('a command by an App', () => {
  it('is read, for policy to decide, unless the App is ours', () => {
    expect(readRequest('issue_comment.created.by-bot')).toMatchObject({
      sender: { login: 'renovate[bot]', type: 'Bot' },
    });
    const payload = recorded('issue_comment.created.by-bot');
    expect(readDelivery('issue_comment', payload, { ...bot, slug: 'renovate' }, arrival)).toEqual({
      type: 'ignored',
      reason: 'we sent it ourselves',
    });
  });
});

describe('a pull request that is pushed to', () => {
  const pushed = { branch: 'changes', sha: 'ec26c3e57ca3a959ca5aad62de7213c562f8c821' };
  it.each(['opened', 'synchronize', 'reopened', 'ready_for_review'])(
    'asks for its files to be looked at: %s',
    (action) => {
      expect(readRequest(`pull_request.${action}`)).toMatchObject({
        verb: 'implement',
        via: 'files',
        trigger: 'pull_request',
        subject: { kind: 'pull_request', number: 2 },
        instruction: '',
        intention: `files:${pushed.sha}`,
        pushed,
      });
    },
  );

  const whole = recorded('pull_request.synchronize') as { pull_request: { head: object; user: object } };
  it.each([
    ['from a fork', { head: { ...whole.pull_request.head, repo: { id: 1 } } }, 'the pull request comes from a fork'],
    [
      'from a fork that is gone',
      { head: { ...whole.pull_request.head, repo: null } },
      'the pull request comes from a fork',
    ],
    ['that is a draft', { draft: true }, 'the pull request is a draft'],
    ['by an App', { user: { login: 'a[bot]', type: 'Bot' } }, 'the pull request was not opened by a person'],
  ])('asks for nothing %s', (_, change, reason) => {
    const payload = { ...whole, pull_request: { ...whole.pull_request, ...change } };
    expect(readDelivery('pull_request', payload, bot, arrival)).toEqual({ type: 'ignored', reason });
  });

  it('asks for nothing when an App pushed', () => {
    const payload = { ...whole, sender: { id: 5, login: 'a[bot]', type: 'Bot' } };
    expect(readDelivery('pull_request', payload, bot, arrival)).toMatchObject({ type: 'ignored' });
  });
});

describe('a pull request that is closed', () => {
  it('asks to stop what is under way on it', () => {
    expect(read('pull_request.closed')).toMatchObject({
      type: 'stop',
      request: { verb: 'stop', via: 'closing', subject: { kind: 'pull_request', number: 2 } },
    });
  });
});

describe('a delivery that takes repositories from us', () => {
  it.each([
    ['installation.deleted', { installationId: 2 }],
    ['installation_repositories.removed', { installationId: 2, repositoryIds: [1296269] }],
    ['repository.deleted', { installationId: 5001, repositoryIds: [186853002] }],
  ])('RL-29: %s', (name, expected) => {
    expect(read(name)).toEqual({ type: 'uninstalled', ...expected });
    expect(wantedEvents).toContain(name);
  });

  it.each([
    ['issue_comment.created', 'installation'],
    ['issue_comment.created', 'repository'],
    ['issues.labeled', 'installation'],
    ['issues.labeled', 'repository'],
    ['repository.deleted', 'installation'],
  ])('D7: is none when it is %s sent again as %s: the name of the event is not signed', (name, event) => {
    const payload = { ...(recorded(name) as object), action: 'deleted' };
    expect(readDelivery(event, { installation: { id: 5001 }, ...payload }, bot, arrival).type).toBe('ignored');
  });

  it('is ignored when it does not say which', () => {
    expect(readDelivery('installation', { action: 'deleted' }, bot, arrival)).toMatchObject({ type: 'ignored' });
  });
});

describe('an issue that carries the label', () => {
  it('RL-04: is the wish that its delivery would have been', () => {
    const delivered = readRequest('issues.labeled');
    const { repository, sender, seen } = delivered;
    const issue = { number: 1, ...seen };
    const labeling = { actor: sender, at: delivered.requestedAt };
    expect(readLabeledIssue({ repository, issue, label: 'backend', labeling })).toEqual(delivered);
  });
});

describe('a delivery that asks for nothing', () => {
  it.each([
    ['issues.labeled.by-bot', 'only people start work, and the sender is not one'],
    ['repository_dispatch.deploy', 'this kind of delivery asks for nothing'],
    ['repository_dispatch.backend-developer.wrong-issue', 'client_payload.issue is not the number of an issue'],
    ['repository_dispatch.backend-developer.empty', 'client_payload.instruction is missing'],
    ['issue_comment.created.by-us', 'we sent it ourselves'],
    ['issues.labeled.without-installation', 'the delivery belongs to no installation'],
    ['issues.opened.without-label', 'the issue was opened without a label'],
    ['issues.edited', 'this kind of delivery asks for nothing'],
    ['issue_comment.edited.command-changed', 'the comment held a command before it was edited'],
    ['pull_request_review.submitted', 'a review of somebody else’s pull request'],
    ['issue_comment.created.quoted', 'it holds no command'],
  ])('%s: %s', (name, reason) => {
    expect(read(name)).toEqual({ type: 'ignored', reason });
  });

  it('ignores what our own App wrote even under a person’s name', () => {
    const payload = Object(recorded('issue_comment.created')) as { comment: object };
    payload.comment = { ...payload.comment, performed_via_github_app: { id: bot.appId } };
    expect(readDelivery('issue_comment', payload, bot, arrival)).toEqual({
      type: 'ignored',
      reason: 'we sent it ourselves',
    });
  });

  it.each(['Bot', 'Organization', 'Mannequin'])('ignores a sender of type %s', (type) => {
    const payload = Object(recorded('issues.labeled')) as { sender: object };
    payload.sender = { ...payload.sender, type };
    expect(readDelivery('issues', payload, bot, arrival)).toMatchObject({
      type: 'ignored',
      reason: expect.stringContaining('only people') as string,
    });
  });

  it.each([
    ['nothing at all', undefined, 'this kind of delivery asks for nothing'],
    ['no object', 'labeled', 'this kind of delivery asks for nothing'],
    ['only an action', { action: 'labeled' }, 'the payload is malformed at repository'],
  ])('says why a malformed payload is ignored: %s', (_, payload, reason) => {
    expect(readDelivery('issues', payload, bot, arrival)).toEqual({ type: 'ignored', reason });
  });
});

describe('any delivery', () => {
  it('reads every recorded delivery without finding it malformed', () => {
    for (const file of readdirSync(deliveries))
      expect(JSON.stringify(read(file.replace(/\.json$/u, ''))), file).not.toContain('malformed');
  });

  it('reads every example that GitHub publishes without finding it malformed', () => {
    const readings = examples.flatMap(({ name, examples: payloads }) =>
      payloads.map((payload) => readDelivery(name, { ...payload, installation: { id: 1 } }, bot, arrival)),
    );
    expect(readings.length).toBeGreaterThan(200);
    expect(JSON.stringify(readings)).not.toContain('malformed');
    expect(readings.filter(({ type }) => type === 'work').length).toBeGreaterThan(4);
  });

  it('never throws, whatever the payload', () => {
    const labeled = recorded('issues.labeled') as Record<string, unknown>;
    const damaged = fc.dictionary(fc.constantFrom(...Object.keys(labeled)), fc.anything());
    fc.assert(
      fc.property(damaged, (damage) => {
        expect(readDelivery('issues', { ...labeled, ...damage }, bot, arrival).type).toMatch(
          /^(?:work|stop|ignored)$/u,
        );
      }),
    );
  });
});
