import { spawn } from 'node:child_process';
import { appendFile, chmod, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { actorOfToken, basicPassword, canSee, grants, userOf } from './auth.ts';
import { ApiError } from './api-error.ts';
import { gitEnvironment, listRefs } from './git.ts';
import { afterRefChanges, exclusively } from './ref-changes.ts';
import type { Actor } from './route.ts';
import { findRepo, hasRole, roleOf } from './world.ts';
import type { Repo, User, World } from './world.ts';

export interface GitRequest {
  readonly owner: string;
  readonly name: string;
  /** `/info/refs`, `/git-upload-pack`, `/git-receive-pack`, … */
  readonly rest: string;
}

export function readGitPath(path: string): GitRequest | undefined {
  const found =
    /^\/([^/]+)\/([^/]+?)(?:\.git)?(\/(?:info\/refs|git-upload-pack|git-receive-pack|HEAD|objects\/.*))$/.exec(path);
  if (found === null) return undefined;
  const [, owner = '', name = '', rest = ''] = found;
  return { owner, name, rest };
}

export interface GitReply {
  readonly actor: Actor;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

interface Wire {
  readonly request: IncomingMessage;
  readonly query: string;
  readonly body: Buffer;
}

/** One request of the smart protocol, through git's own server program. A push has had its consequences when this resolves. */
export async function serveGit(world: World, wanted: GitRequest, wire: Wire): Promise<GitReply> {
  const asking = whoAsks(world, wire.request.headers.authorization);
  const actor = asking ?? { type: 'anonymous' };
  const repo = findRepo(world, wanted.owner, wanted.name) ?? movedRepo(world, wanted);
  const writes = wanted.rest === '/git-receive-pack' || wire.query.includes('service=git-receive-pack');
  if (repo === undefined) return refusal(actor, notThere(asking));
  const refused = refusalOf(asking, repo, writes);
  if (refused !== undefined) return refusal(actor, refused);
  const run = { wanted, wire, allowWorkflows: mayTouchWorkflows(actor) };
  const by = userOf(actor);
  const isPush = wanted.rest === '/git-receive-pack' && by !== undefined;
  const output = isPush ? await receive(world, repo, { run, by }) : await runBackend(repo, run);
  return { actor, ...readCgi(output) };
}

async function receive(world: World, repo: Repo, push: { run: BackendRun; by: User }): Promise<Buffer> {
  return exclusively(repo, async () => {
    const before = await listRefs(repo.gitDir, 'refs/heads/');
    const output = await runBackend(repo, push.run);
    await afterRefChanges(world, repo, { before, by: push.by });
    return output;
  });
}

interface BackendRun {
  readonly wanted: GitRequest;
  readonly wire: Wire;
  readonly allowWorkflows: boolean;
}

/** GitHub refuses a push that touches workflow files unless the App may write workflows. */
export async function installPushRules(gitDir: string): Promise<void> {
  const hook = join(gitDir, 'hooks', 'pre-receive');
  await writeFile(
    hook,
    `#!/bin/sh
[ "$STANDIN_WORKFLOWS" = yes ] && exit 0
while read -r old new ref; do
  case $new in *[!0]*) ;; *) continue ;; esac
  file=$(git log --format= --name-only "$new" --not --all -- .github/workflows | head -n 1)
  [ -z "$file" ] && continue
  echo "refusing to allow a GitHub App to create or update workflow \\\`$file\\\` without \\\`workflows\\\` permission" >&2
  exit 1
done
`,
  );
  await chmod(hook, 0o755);
  await appendFile(
    join(gitDir, 'config'),
    `[http]
\treceivepack = true
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
[core]
\tlogAllRefUpdates = false
[gc]
\tauto = 0
`,
  );
}

/** undefined when the password is none that we know: git asks for another. */
function whoAsks(world: World, header: string | undefined): Actor | undefined {
  if (header === undefined) return { type: 'anonymous' };
  try {
    return actorOfToken(world, basicPassword(header) ?? '');
  } catch {
    return undefined;
  }
}

function movedRepo(world: World, wanted: GitRequest): Repo | undefined {
  const id = world.moved.get(`${wanted.owner}/${wanted.name}`.toLowerCase());
  return id === undefined ? undefined : world.repos.get(id);
}

/** Strangers are asked who they are, so that a private repository can't be told from none. */
function notThere(actor: Actor | undefined): ApiError {
  if (actor === undefined) return new ApiError(401, 'Invalid username or token.');
  return actor.type === 'anonymous'
    ? new ApiError(401, 'Authentication required.')
    : new ApiError(404, 'Repository not found.');
}

function refusalOf(actor: Actor | undefined, repo: Repo, writes: boolean): ApiError | undefined {
  if (actor === undefined || !canSee(actor, repo)) return notThere(actor);
  if (actor.type === 'anonymous') return writes ? notThere(actor) : undefined;
  if (!mayUse(actor, repo, writes ? 'write' : 'read')) {
    return new ApiError(403, writes ? 'Write access to repository not granted.' : 'Repository not found.');
  }
  if (writes && repo.archived) return new ApiError(403, 'This repository was archived so it is read-only.');
  return undefined;
}

function mayUse(actor: Actor, repo: Repo, level: 'read' | 'write'): boolean {
  if (actor.type === 'installation') {
    return grants(actor.token.permissions, ['contents', level]) || (level === 'read' && !repo.isPrivate);
  }
  return actor.type === 'user' && hasRole(roleOf(repo, actor.user), level);
}

function mayTouchWorkflows(actor: Actor | undefined): boolean {
  return (
    actor?.type === 'user' ||
    (actor?.type === 'installation' && grants(actor.token.permissions, ['workflows', 'write']))
  );
}

function refusal(actor: Actor, error: ApiError): GitReply {
  const ask = error.status === 401 ? { 'www-authenticate': 'Basic realm="GitHub"' } : {};
  const headers = { 'content-type': 'text/plain; charset=utf-8', ...ask };
  return { actor, status: error.status, headers, body: Buffer.from(`${error.message}\n`) };
}

async function runBackend(repo: Repo, run: BackendRun): Promise<Buffer> {
  const { request, query, body } = run.wire;
  const encoding = request.headers['content-encoding'];
  const protocol = request.headers['git-protocol'];
  const child = spawn('git', ['http-backend'], {
    env: {
      ...gitEnvironment(),
      GIT_PROJECT_ROOT: repo.gitDir,
      GIT_HTTP_EXPORT_ALL: '1',
      REQUEST_METHOD: request.method ?? 'GET',
      PATH_INFO: run.wanted.rest,
      QUERY_STRING: query,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      CONTENT_LENGTH: String(body.length),
      REMOTE_USER: 'x-access-token',
      REMOTE_ADDR: '127.0.0.1',
      STANDIN_WORKFLOWS: run.allowWorkflows ? 'yes' : 'no',
      ...(encoding === undefined ? {} : { HTTP_CONTENT_ENCODING: encoding }),
      ...(typeof protocol === 'string' ? { GIT_PROTOCOL: protocol } : {}),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(body);
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function readCgi(output: Buffer): Pick<GitReply, 'status' | 'headers' | 'body'> {
  const end = output.indexOf('\r\n\r\n');
  if (end < 0) return { status: 500, headers: {}, body: Buffer.alloc(0) };
  const lines = output.subarray(0, end).toString().split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const [name = '', ...value] = line.split(': ');
      return [name.toLowerCase(), value.join(': ')];
    }),
  );
  const { status = '200', ...others } = headers;
  return { status: Number.parseInt(status, 10), headers: others, body: output.subarray(end + 4) };
}
