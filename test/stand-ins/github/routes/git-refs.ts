import { ApiError, notFound, refused } from '../api-error.ts';
import { git, isAncestor, isEmpty, listRefs, objectType } from '../git.ts';
import { refsSeen } from '../lag.ts';
import type { Ref } from '../git.ts';
import { exclusively, moveBranchInTurn } from '../ref-changes.ts';
import { actingUser, flagField, param, textField } from '../route.ts';
import type { Answer, RepoCall, Route } from '../route.ts';
import { nodeId } from '../shapes/accounts.ts';
import { repoUrl } from '../shapes/repositories.ts';

const base = '/repos/{owner}/{repo}/git';
const read = { access: 'repository', needs: [['contents', 'read']], role: 'read' } as const;
const write = { access: 'repository', needs: [['contents', 'write']], role: 'write' } as const;

export const gitRefRoutes: readonly Route[] = [
  { method: 'GET', path: `${base}/ref/{ref}`, ...read, handle: getRef },
  { method: 'GET', path: `${base}/matching-refs/{ref}`, ...read, handle: matchingRefs },
  { method: 'POST', path: `${base}/refs`, ...write, handle: inTurn(createRef) },
  { method: 'PATCH', path: `${base}/refs/{ref}`, ...write, handle: inTurn(updateRef) },
  { method: 'DELETE', path: `${base}/refs/{ref}`, ...write, handle: inTurn(deleteRef) },
];

function inTurn(change: (call: RepoCall) => Promise<Answer>): (call: RepoCall) => Promise<Answer> {
  return (call) => exclusively(call.repo, () => change(call));
}

/** Every Git data route answers 409 while nothing has been pushed. */
export async function requireContent(call: RepoCall): Promise<void> {
  if (await isEmpty(call.repo.gitDir)) throw new ApiError(409, 'Git Repository is empty.');
}

async function getRef(call: RepoCall): Promise<Answer> {
  await requireContent(call);
  const ref = await findRef(call);
  if (ref === undefined) throw notFound();
  return { status: 200, body: refShape(call, ref) };
}

async function matchingRefs(call: RepoCall): Promise<Answer> {
  await requireContent(call);
  const found = await refsSeen(call, `refs/${param(call, 'ref')}`);
  return { status: 200, list: found.map((ref) => refShape(call, ref)) };
}

async function createRef(call: RepoCall): Promise<Answer> {
  await requireContent(call);
  const { gitDir } = call.repo;
  const name = String(call.body['ref']);
  const sha = String(call.body['sha']);
  if (!/^refs\/[^/]+\/./.test(name) || !(await isValidName(gitDir, name))) {
    throw refused(`${name} is not a valid ref name.`);
  }
  const type = /^[0-9a-f]{40}$/.test(sha) ? await objectType(gitDir, sha) : undefined;
  if (type === undefined) throw refused('Object does not exist');
  if (name.startsWith('refs/heads/') && type !== 'commit') throw refused('Object is not a commit');
  const refs = await listRefs(gitDir, 'refs/');
  if (refs.some((ref) => ref.ref === name)) throw refused('Reference already exists');
  if (refs.some((ref) => ref.ref.startsWith(`${name}/`) || name.startsWith(`${ref.ref}/`))) {
    throw refused('Reference update failed');
  }
  await moveBranchInTurn(call.world, call.repo, { ref: name, after: sha, by: actingUser(call) });
  const shape = refShape(call, { ref: name, sha, type });
  return { status: 201, body: shape, headers: { location: String(shape['url']) } };
}

async function updateRef(call: RepoCall): Promise<Answer> {
  await requireContent(call);
  const { gitDir } = call.repo;
  const ref = await findRef(call);
  if (ref === undefined) throw refused('Reference does not exist');
  const sha = textField(call.body, 'sha') ?? '';
  const type = /^[0-9a-f]{40}$/.test(sha) ? await objectType(gitDir, sha) : undefined;
  if (type !== 'commit') throw refused('Object does not exist');
  const force = flagField(call.body, 'force') ?? false;
  if (!force && !(await isAncestor(gitDir, ref.sha, sha))) throw refused('Update is not a fast forward');
  await moveBranchInTurn(call.world, call.repo, { ref: ref.ref, after: sha, by: actingUser(call) });
  return { status: 200, body: refShape(call, { ref: ref.ref, sha, type }) };
}

async function deleteRef(call: RepoCall): Promise<Answer> {
  await requireContent(call);
  const ref = await findRef(call);
  if (ref === undefined) throw refused('Reference does not exist');
  if (ref.ref === `refs/heads/${call.repo.defaultBranch}`) throw refused('Cannot delete the default branch');
  await moveBranchInTurn(call.world, call.repo, { ref: ref.ref, after: undefined, by: actingUser(call) });
  return { status: 204 };
}

async function findRef(call: RepoCall): Promise<Ref | undefined> {
  const name = `refs/${param(call, 'ref')}`;
  return (await refsSeen(call, name)).find((ref) => ref.ref === name);
}

async function isValidName(gitDir: string, name: string): Promise<boolean> {
  return (await git(gitDir, ['check-ref-format', name], { accept: [1] })).code === 0;
}

function refShape(call: RepoCall, ref: Ref): Record<string, unknown> {
  const url = repoUrl(call.world, call.repo);
  return {
    ref: ref.ref,
    node_id: nodeId('Ref', `${call.repo.id}:${ref.ref}`),
    url: `${url}/git/${ref.ref}`,
    object: { sha: ref.sha, type: ref.type, url: `${url}/git/${ref.type}s/${ref.sha}` },
  };
}
