import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';

/** A real git server over HTTP for the tests of this room: `git http-backend` behind a check of the token. */
export interface GitServer extends AsyncDisposable {
  readonly url: string;
  /** Paths asked for, in order, refused ones included. */
  readonly requests: readonly string[];
  /** Tokens that may read; anything else is answered 401. */
  readonly tokens: Set<string>;
  /** When set, every request is answered with this status instead. */
  fault?: number | 'hang' | { readonly redirectTo: string };
}

export async function startGitServer(root: string): Promise<GitServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    if (state.fault === 'hang') return;
    if (typeof state.fault === 'object') {
      response.writeHead(302, { Location: state.fault.redirectTo + (request.url ?? '') }).end();
      return;
    }
    const status = state.fault ?? (isAllowed(request, state.tokens) ? 200 : 401);
    if (status === 200) serve(root, request, response);
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

function isAllowed(request: IncomingMessage, tokens: ReadonlySet<string>): boolean {
  const given = request.headers.authorization?.replace('Basic ', '') ?? '';
  const [user, token = ''] = Buffer.from(given, 'base64').toString().split(':');
  return user === 'x-access-token' && tokens.has(token);
}

function serve(root: string, request: IncomingMessage, response: ServerResponse): void {
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
  const chunks: Buffer[] = [];
  backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  backend.on('close', () => {
    const all = Buffer.concat(chunks);
    const end = all.indexOf('\r\n\r\n');
    const lines = all.subarray(0, end).toString().split('\r\n');
    const fields = lines.map((line) => line.split(': ', 2) as [string, string]);
    const status = fields.find(([name]) => name === 'Status')?.[1];
    response.writeHead(status === undefined ? 200 : Number.parseInt(status), Object.fromEntries(fields));
    response.end(all.subarray(end + 4));
  });
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
