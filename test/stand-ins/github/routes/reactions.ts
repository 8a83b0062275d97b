import { notFound } from '../api-error.ts';
import { actingUser, numberParam } from '../route.ts';
import type { Answer, RepoCall, Route } from '../route.ts';
import { reactionShape } from '../shapes/issues.ts';
import type { Reaction } from '../world.ts';
import { commentOf, issueOf, readNeeds, writeNeeds } from './issues.ts';
import { reviewCommentOf } from './reviews.ts';

const onIssue = '/repos/{owner}/{repo}/issues/{issue_number}/reactions';
const onComment = '/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions';
const onLines = '/repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions';
const read = { access: 'repository', needs: readNeeds, role: 'read' } as const;
const write = { access: 'repository', needs: writeNeeds, role: 'read' } as const;

export const reactionRoutes: readonly Route[] = [
  { method: 'GET', path: onIssue, ...read, handle: (call: RepoCall) => list(call, issueOf(call, 'read').reactions) },
  {
    method: 'POST',
    path: onIssue,
    ...write,
    handle: (call: RepoCall) => react(call, issueOf(call, 'write').reactions),
  },
  {
    method: 'DELETE',
    path: `${onIssue}/{reaction_id}`,
    ...write,
    handle: (call: RepoCall) => remove(call, issueOf(call, 'write').reactions),
  },
  {
    method: 'GET',
    path: onComment,
    ...read,
    handle: (call: RepoCall) => list(call, commentOf(call, 'read').reactions),
  },
  {
    method: 'POST',
    path: onComment,
    ...write,
    handle: (call: RepoCall) => react(call, commentOf(call, 'write').reactions),
  },
  {
    method: 'DELETE',
    path: `${onComment}/{reaction_id}`,
    ...write,
    handle: (call: RepoCall) => remove(call, commentOf(call, 'write').reactions),
  },
  {
    method: 'GET',
    path: onLines,
    access: 'repository',
    needs: [['pull_requests', 'read']],
    role: 'read',
    handle: (call: RepoCall) => list(call, reviewCommentOf(call).reactions),
  },
  {
    method: 'POST',
    path: onLines,
    access: 'repository',
    needs: [['pull_requests', 'write']],
    role: 'read',
    handle: (call: RepoCall) => react(call, reviewCommentOf(call).reactions),
  },
];

function list(call: RepoCall, reactions: readonly Reaction[]): Answer {
  const content = call.query.get('content');
  const wanted = reactions.filter((reaction) => content === null || reaction.content === content);
  return { status: 200, list: wanted.map((reaction) => reactionShape(call.world, reaction)) };
}

/** 201 the first time, 200 with the same reaction ever after. */
function react(call: RepoCall, reactions: Reaction[]): Answer {
  const { world } = call;
  const user = actingUser(call);
  const content = String(call.body['content']);
  const known = reactions.find((reaction) => reaction.user === user && reaction.content === content);
  if (known !== undefined) return { status: 200, body: reactionShape(world, known) };
  const reaction: Reaction = { id: world.nextId(), user, content, createdAt: world.now() };
  reactions.push(reaction);
  tell(call, reaction, 'created');
  return { status: 201, body: reactionShape(world, reaction) };
}

function remove(call: RepoCall, reactions: Reaction[]): Answer {
  const index = reactions.findIndex(
    (reaction) => reaction.id === numberParam(call, 'reaction_id') && reaction.user === actingUser(call),
  );
  const reaction = reactions[index];
  if (reaction === undefined) throw notFound();
  reactions.splice(index, 1);
  tell(call, reaction, 'deleted');
  return { status: 204 };
}

function tell({ world, repo }: RepoCall, { id, content }: Reaction, did: 'created' | 'deleted'): void {
  world.changes.tell({ what: 'reaction', did, repository: repo.id, id, content });
}
