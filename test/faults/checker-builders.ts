import type {
  ActionPart,
  CallPart,
  Change,
  CheckRunChange,
  ChronicleEntry,
  ChroniclePart,
  CommentChange,
  DeliveryPart,
  FaultPart,
  IssueChange,
  PullChange,
  RefChange,
} from '../stand-ins/github/index.ts';

export const bot = 'backend-developer[bot]';
/** Ids of a repository and of the installation it belongs to. */
export const repository = 12;
export const installation = 9;

/** A made-up history: entries and when they happened, in milliseconds; a call arrives ten milliseconds before it has its effect. */
export function chronicle(...parts: readonly (readonly [at: number, part: ChroniclePart])[]): ChronicleEntry[] {
  return parts.map(([at, part], index): ChronicleEntry => {
    const stamp = { seq: index + 1, at, clock: at };
    if (part.type === 'call') return { ...stamp, ...part, arrivedAt: at - 10 };
    if (part.type === 'action') return { ...stamp, ...part, begunAt: at };
    return part.type === 'delivery' ? { ...stamp, ...part, sentAt: part.sentAt || at } : { ...stamp, ...part };
  });
}

/** A writing call of the App that changed this. */
export function call(changes: Change | readonly Change[] = [], parts: Partial<CallPart> = {}): CallPart {
  return {
    type: 'call',
    arrivedAt: 0,
    kind: 'api',
    method: 'POST',
    route: 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
    path: '/repos/acme/shop/issues/7/comments',
    actor: bot,
    installation,
    userAgent: 'backend-developer job j1/1',
    result: 201,
    isContent: true,
    fault: null,
    limit: null,
    changes: Array.isArray(changes) ? changes : [changes as Change], // a list stays one
    ...parts,
  };
}

/** Something that Ann did, who may write. */
export function action(changes: Change | readonly Change[], parts: Partial<ActionPart> = {}): ActionPart {
  return {
    type: 'action',
    begunAt: 0,
    action: 'something',
    by: 'ann',
    role: 'write',
    repository,
    changes: Array.isArray(changes) ? changes : [changes as Change], // a list stays one
    ...parts,
  };
}

/** A delivery that was taken: issue 7 was labeled `backend` by Ann. */
export function delivery(parts: Partial<DeliveryPart> = {}): DeliveryPart {
  return {
    type: 'delivery',
    id: 1,
    guid: 'guid-1',
    sentAt: 0,
    event: 'issues',
    action: 'labeled',
    redelivery: false,
    state: 'answered',
    statusCode: 202,
    installation,
    repository,
    issue: 7,
    label: 'backend',
    labels: ['backend'],
    comment: null,
    sender: 'ann',
    senderRole: 'write',
    ...parts,
  };
}

/** A delivery that was taken: Ann's comment 70 on issue 7. */
export function said(body: string, parts: Partial<DeliveryPart> = {}): DeliveryPart {
  const comment = { id: 70, body };
  return delivery({ guid: 'guid-70', event: 'issue_comment', action: 'created', label: null, comment, ...parts });
}

export function limited(until: number, parts: Partial<FaultPart> = {}): FaultPart {
  return { type: 'fault', then: 'rate-limit', method: 'POST', path: '/', installation, until, ...parts };
}

export function issue(did: IssueChange['did'], parts: Partial<IssueChange> = {}): IssueChange {
  return { what: 'issue', did, repository, number: 7, ...parts };
}

export function pull(did: PullChange['did'] = 'opened', parts: Partial<PullChange> = {}): PullChange {
  const looks = { author: bot, head: 'backend/7-fix', headSha: 'b'.repeat(40), base: 'main', body: 'Closes #7' };
  return { what: 'pull', did, repository, number: 8, ...looks, ...parts };
}

/** The status comment of issue 7, in the state that the line says. */
export function status(line: string, parts: Partial<CommentChange> = {}): CommentChange {
  return comment(`<!-- backend:status 7 -->\n**Backend Developer**: ${line}\n\nCost so far: $0`, { id: 71, ...parts });
}

export function reply(intention: string, parts: Partial<CommentChange> = {}): CommentChange {
  return comment(`<!-- backend:reply ${intention} -->\nNo.`, { id: 72, ...parts });
}

export function comment(body: string, parts: Partial<CommentChange> = {}): CommentChange {
  return { what: 'comment', did: 'created', repository, id: 73, issue: 7, author: bot, body, ...parts };
}

export function run(parts: Partial<CheckRunChange> = {}): CheckRunChange {
  const state = { name: 'proof', headSha: 'b'.repeat(40), status: 'in_progress', conclusion: null };
  return { what: 'check-run', did: 'created', repository, id: 90, ...state, ...parts };
}

/** The branch of issue 7 was made. */
export function branch(parts: Partial<RefChange> = {}): RefChange {
  const [from, to] = [null, 'b'.repeat(40)];
  const moved = { from, to, parents: ['a'.repeat(40)], isForward: true, isSameTree: false };
  return { what: 'ref', did: 'created', repository, ref: 'refs/heads/backend/7-fix', ...moved, ...parts };
}
