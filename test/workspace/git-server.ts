import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';

/** What the server does instead of answering. `stallAfter` and `cutAfter` serve so many bytes of the body first. */
export type Fault =
  | number
  | 'hang'
  | { readonly redirectTo: string; readonly status?: number }
  | { readonly stallAfter: number }
  | { readonly cutAfter: number };

/** A real git server over HTTP for the tests of this room: `git http-backend` behind a check of the token. */
export interface GitServer extends AsyncDisposable {
  readonly url: string;
  /** Paths asked for, in order, refused ones included. */
  readonly requests: readonly string[];
  /** Tokens that may read; anything else is answered 401. */
  readonly tokens: Set<string>;
  /** When set, what happens to every request; or a function that is told `GET` or `POST` and the request's number since it was set. */
  fault?: Fault | ((method: string, number: number) => Fault | undefined);
}

export async function startGitServer(root: string): Promise<GitServer> {
  const requests: string[] = [];
  let known: GitServer['fault'];
  let count = 0;
  function faultOf(request: IncomingMessage): Fault | undefined {
    count = state.fault === known ? count + 1 : 1;
    known = state.fault;
    return typeof known === 'function' ? known(request.method ?? '', count) : known;
  }
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    const fault = faultOf(request);
    if (fault === 'hang') return;
    if (isRedirect(fault)) {
      response.writeHead(fault.status ?? 302, { Location: fault.redirectTo + (request.url ?? '') }).end();
      return;
    }
    const allowed = isAllowed(request, state.tokens) ? 200 : 401;
    const status = typeof fault === 'number' ? fault : allowed;
    if (status === 200) serve(root, request, limit(response, fault));
    else response.writeHead(status, { 'WWW-Authenticate': 'Basic realm="git"' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const state: GitServer = {
    url: `http://127.0.0.1:${String(port)}`,
    requests,
    tokens: new Set<string>(),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return state;
}

interface Answer {
  readonly response: ServerResponse;
  /** How many bytes of the body are served, and what comes then. */
  readonly bytes: number;
  readonly then: 'stall' | 'cut';
}

function isRedirect(fault: Fault | undefined): fault is Extract<Fault, { redirectTo: string }> {
  return typeof fault === 'object' && 'redirectTo' in fault;
}

function limit(response: ServerResponse, fault: Fault | undefined): Answer {
  if (typeof fault !== 'object' || isRedirect(fault)) return { response, bytes: Infinity, then: 'cut' };
  return 'cutAfter' in fault
    ? { response, bytes: fault.cutAfter, then: 'cut' }
    : { response, bytes: fault.stallAfter, then: 'stall' };
}

function isAllowed(request: IncomingMessage, tokens: ReadonlySet<string>): boolean {
  const given = request.headers.authorization?.replace('Basic ', '') ?? '';
  const [user, token = ''] = Buffer.from(given, 'base64').toString().split(':');
  return user === 'x-access-token' && tokens.has(token);
}

function serve(root: string, request: IncomingMessage, answer: Answer): void {
  const { pathname, search } = new URL(request.url ?? '/', 'http://server');
  const { headers } = request;
  const backend = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      REQUEST_METHOD: request.method,
      PATH_INFO: decodeURIComponent(pathname),
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
    },
  });
  request.pipe(backend.stdin);
  backend.stdin.on('error', () => undefined);
  answer.response.on('close', () => backend.kill());
  void pass(backend.stdout, answer);
}

/** Hands a CGI answer on as it comes, never more of it in memory than a piece. */
async function pass(output: Readable, { response, bytes, then }: Answer): Promise<void> {
  let head: Buffer | undefined = Buffer.alloc(0);
  let left = bytes;
  for await (const chunk of output) {
    let body = chunk as Buffer;
    if (head !== undefined) {
      head = Buffer.concat([head, body]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) continue;
      writeHead(response, head.subarray(0, end).toString());
      body = head.subarray(end + 4);
      head = undefined;
    }
    if (!response.write(body.subarray(0, left))) await once(response, 'drain').catch(() => undefined);
    left -= body.length;
    if (left <= 0 && then === 'cut') response.destroy();
    if (left <= 0) return;
  }
  response.end();
}

function writeHead(response: ServerResponse, head: string): void {
  const fields = head.split('\r\n').map((line) => line.split(': ', 2) as [string, string]);
  const status = fields.find(([name]) => name === 'Status')?.[1];
  response.writeHead(status === undefined ? 200 : Number.parseInt(status), Object.fromEntries(fields));
}

/** Runs git for a test's own repositories. */
export function git(dir: string, args: readonly string[], input?: string): string {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com'];
  return execFileSync('git', ['-C', dir, ...identity, ...args], { input, encoding: 'utf8' }).trim();
}

/** One file of a commit: its text, or bytes with a mode. A name may be bytes that aren't UTF-8. */
export interface Entry {
  readonly path: string | Buffer;
  readonly mode?: '100644' | '100755' | '120000' | '160000';
  readonly content: string | Buffer;
}

/** Adds a commit holding exactly these files to a bare repository, made if it isn't there, without any work tree. */
export function commit(
  root: string,
  name: string,
  entries: readonly Entry[],
  options: { branch?: string; message?: string } = {},
): string {
  const dir = join(root, name);
  mkdirSync(dirname(dir), { recursive: true });
  const { branch = 'main', message = 'Add files' } = options;
  if (!existsSync(dir)) execFileSync('git', ['init', '--bare', '--quiet', `--initial-branch=${branch}`, dir]);
  const ref = `refs/heads/${branch}`;
  const parent = git(dir, ['for-each-ref', '--format=%(objectname)', ref]);
  const stream = [
    Buffer.from(`commit ${ref}\ncommitter Ada <ada@example.com> ${String(1_700_000_000)} +0000\n`),
    data(message),
    Buffer.from(parent === '' ? '' : `from ${parent}\n`),
    Buffer.from('deleteall\n'),
    ...entries.flatMap(fastImportEntry),
  ];
  execFileSync('git', ['-C', dir, 'fast-import', '--quiet', '--force'], { input: Buffer.concat(stream) });
  return git(dir, ['rev-parse', ref]);
}

function fastImportEntry({ path, mode = '100644', content }: Entry): Buffer[] {
  const name = Buffer.from(path);
  if (mode === '160000') return [Buffer.from(`M 160000 ${content.toString()} `), name, Buffer.from('\n')];
  return [Buffer.from(`M ${mode} inline `), name, Buffer.from('\n'), data(content)];
}

function data(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content as string);
  return Buffer.concat([Buffer.from(`data ${String(bytes.length)}\n`), bytes, Buffer.from('\n')]);
}
