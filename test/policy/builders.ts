import type { WorkRequest } from '../../src/domain/index.ts';
import type { IssueFacts, PullFacts } from '../../src/github/index.ts';
import type { EarlierJob } from '../../src/store/index.ts';
import type { Facts } from '../../src/policy/index.ts';

/** A person with write permission puts the label `backend` on an open issue of an ordinary repository; each test changes what it is about. */
export function request(change: Partial<WorkRequest> = {}): WorkRequest {
  return {
    verb: 'implement',
    said: 'implement',
    via: 'label',
    trigger: 'backend',
    repository: { id: 1, owner: 'octo-org', name: 'shop', installationId: 5 },
    subject: { kind: 'issue', number: 7 },
    sender: { id: 11, login: 'octocat', type: 'User' },
    requestedAt: '2025-06-01T10:00:00Z',
    instruction: '',
    source: { type: 'issue' },
    seen: { title: 'Pages for the list of orders', body: 'It is too long.' },
    intention: 'label:7:2025-06-01T10:00:00Z:backend',
    round: 0,
    ...change,
  };
}

export function command(change: Partial<WorkRequest> = {}): WorkRequest {
  return request({ via: 'command', trigger: '/backend', source: { type: 'comment', commentId: 3 }, ...change });
}

export function issue(change: Partial<IssueFacts> = {}): IssueFacts {
  return {
    number: 7,
    title: 'Add a health endpoint',
    body: '`GET /health` answers 200.',
    state: 'open',
    locked: false,
    labels: ['backend'],
    author: { id: 12, login: 'hubot', type: 'User' },
    isPullRequest: false,
    updatedAt: '2025-06-01T10:00:00Z',
    ...change,
  };
}

export function pull(change: Partial<PullFacts> = {}): PullFacts {
  return {
    number: 9,
    author: { id: 99, login: 'backend-developer[bot]', type: 'Bot' },
    htmlUrl: 'https://github.com/octo-org/shop/pull/9',
    state: 'open',
    draft: true,
    title: 'Add a health endpoint',
    body: '',
    headSha: 'b'.repeat(40),
    headBranch: 'backend/7-add-a-health-endpoint',
    headRepositoryId: 1,
    baseBranch: 'trunk',
    merged: false,
    ...change,
  };
}

export function facts(change: Partial<Facts> = {}): Facts {
  return {
    permission: 'write',
    repository: {
      id: 1,
      owner: 'octo-org',
      name: 'shop',
      defaultBranch: 'trunk',
      archived: false,
      isPrivate: false,
      htmlUrl: 'https://github.com/octo-org/shop',
      cloneUrl: 'https://github.com/octo-org/shop.git',
    },
    issue: issue(),
    place: 'issue',
    settingsText: undefined,
    baseSha: 'a'.repeat(40),
    pull: undefined,
    mergeBase: undefined,
    branch: 'backend/7-add-a-health-endpoint',
    ours: [],
    earlier: [],
    positions: new Map(),
    limits: { usdPerJob: 5, usdPerDay: 50, spentTodayUsd: 0 },
    ...change,
  };
}

/** A job that was asked for on the same issue before. */
export function earlier(change: Partial<EarlierJob> = {}): EarlierJob {
  return {
    jobId: 'job-1',
    request: request(),
    repository: 'octo-org/shop',
    subjectNumber: 7,
    verb: 'implement',
    state: 'finished',
    usd: 0.42,
    createdAt: '2025-06-01T10:00:00Z',
    updatedAt: '2025-06-01T10:01:00Z',
    ...change,
  };
}

export function archived(): Facts {
  return facts({ repository: { ...facts().repository, archived: true } });
}
