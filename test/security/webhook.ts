import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { WebhookSecrets } from '../../src/secrets.ts';
import { createIntake, hashDelivery, startServer, type VerifiedDelivery } from '../../src/web/index.ts';
import { sharedClass, type Case } from './case.ts';

const secret = `${randomUUID()}${randomUUID()}`;
const mega = 1024 * 1024;

/** Our server and one that takes whatever is posted to it, with what each has kept. */
interface Ground {
  readonly ours: string;
  readonly kept: VerifiedDelivery[];
  readonly naive: string;
  readonly taken: string[];
}

function sign(body: string | Buffer, key = secret, algorithm = 'sha256'): string {
  return `${algorithm}=${createHmac(algorithm, key).update(body).digest('hex')}`;
}

type Headers = Readonly<Record<string, string | string[]>>;

interface Sent {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Headers;
  readonly body?: string | Buffer;
}

/** Sends it as it is; the status, or 0 when the connection was closed without one. */
function send(url: string, { path = '/hooks', method = 'POST', headers = {}, body = wish }: Sent): Promise<number> {
  const usual = { 'content-type': 'application/json', 'x-github-event': 'issues', 'x-github-delivery': randomUUID() };
  return new Promise((resolve) => {
    const call = httpRequest(url, { method, path, headers: { ...usual, ...headers } }, (answer) => {
      answer.resume();
      answer.once('end', () => {
        resolve(answer.statusCode ?? 0);
      });
    });
    call.once('error', () => {
      resolve(0);
    });
    call.end(body);
  });
}

const wish = JSON.stringify({ action: 'labeled', label: { name: 'backend' } });
const signature = (value: string): Headers => ({ 'x-hub-signature-256': value });
const right = sign(wish);

/** Deliveries that GitHub did not send. */
const forged: readonly (readonly [name: string, sent: Sent])[] = [
  ['no signature', {}],
  ['an empty signature', { headers: signature('') }],
  ['a signature of zeros', { headers: signature(`sha256=${'0'.repeat(64)}`) }],
  ['a signature that is only its name', { headers: signature('sha256=') }],
  ['the old signature alone', { headers: { 'x-hub-signature': sign(wish, secret, 'sha1') } }],
  ['the old signature in the new one’s place', { headers: signature(sign(wish, secret, 'sha1')) }],
  ['a sha512 signature', { headers: signature(sign(wish, secret, 'sha512')) }],
  ['another secret', { headers: signature(sign(wish, 'another')) }],
  ['an empty secret', { headers: signature(sign(wish, '')) }],
  ['the public word that an unset secret becomes', { headers: signature(sign(wish, 'development')) }],
  ['the secret itself', { headers: signature(secret) }],
  ['the signature of an empty body', { headers: signature(sign('')) }],
  ['the signature of another body', { headers: signature(sign('{}')) }],
  ['a body altered by a space', { headers: signature(right), body: `${wish} ` }],
  ['a body altered in its label', { headers: signature(right), body: wish.replace('labeled', 'Labeled') }],
  ['a body with another byte order', { headers: signature(right), body: `\ufeff${wish}` }],
  ['a body in another encoding', { headers: signature(right), body: Buffer.from(wish, 'utf16le') }],
  ['the digest without its name', { headers: signature(right.slice(7)) }],
  ['a digest cut short', { headers: signature(right.slice(0, -1)) }],
  ['a digest that is longer', { headers: signature(`${right}0`) }],
  [
    'a digest in base64',
    { headers: signature(`sha256=${createHmac('sha256', secret).update(wish).digest('base64')}`) },
  ],
  ['a digest in capitals', { headers: signature(right.toUpperCase()) }],
  ['two signatures, a wrong one first', { headers: signature(`sha256=${'0'.repeat(64)}, ${right}`) }],
  ['two signature headers', { headers: { 'x-hub-signature-256': [`sha256=${'0'.repeat(64)}`, right] } }],
  ['the signature in the address', { path: `/hooks?x-hub-signature-256=${right}` }],
  ['the signature in a cookie', { headers: { cookie: `x-hub-signature-256=${right}` } }],
  [
    'a form without a signature',
    { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: `payload=${encodeURIComponent(wish)}` },
  ],
  ['plain text without a signature', { headers: { 'content-type': 'text/plain' } }],
  ['no content type', { headers: { 'content-type': '' } }],
  ['another method by header', { headers: { 'x-http-method-override': 'POST', ...signature('x') }, method: 'PUT' }],
  ['a forwarded address of GitHub’s', { headers: { 'x-forwarded-for': '140.82.112.1' } }],
  ['GitHub’s user agent', { headers: { 'user-agent': 'GitHub-Hookshot/abc' } }],
  ['the path with a slash behind', { path: '/hooks/' }],
  ['the path with two slashes', { path: '//hooks' }],
  ['the path in capitals', { path: '/HOOKS' }],
  ['the path encoded', { path: '/%68ooks' }],
  ['the path by way of another', { path: '/healthz/../hooks' }],
  ['the path with a query', { path: '/hooks?a=b' }],
  ['the path as a whole address', { path: 'http://127.0.0.1/hooks' }],
];

function keptBy(list: readonly unknown[], doing: () => Promise<unknown>): Promise<boolean> {
  const before = list.length;
  return doing().then(() => list.length > before);
}

function sendRight(ground: Ground): Promise<boolean> {
  return keptBy(ground.kept, () => send(ground.ours, { headers: signature(right) }));
}

function forgedCases(ground: Ground): Case[] {
  return forged.map(([name, sent]) => ({
    id: 'D7',
    name: `a delivery with ${name}`,
    baseline: () => keptBy(ground.taken, () => send(ground.naive, sent)),
    attack: () => keptBy(ground.kept, () => send(ground.ours, sent)),
    twin: () => sendRight(ground),
  }));
}

/** The same body again: what the store keeps it by is the same, whatever the header outside the signature says. */
function replayCases(ground: Ground): Case[] {
  const twin = () => sendRight(ground);
  const hashes = (): readonly string[] => ground.kept.slice(-2).map(({ bodyHash }) => bodyHash);
  return [
    {
      id: 'D7',
      name: 'a captured delivery with a fresh id passes for another one',
      baseline: async () => {
        await sendRight(ground);
        await sendRight(ground);
        return new Set(ground.kept.slice(-2).map(({ id }) => id)).size === 2;
      },
      attack: async () => {
        await sendRight(ground);
        await sendRight(ground);
        return new Set(hashes()).size === 2;
      },
      twin: () => hashDelivery('issues', { a: 1 }) !== hashDelivery('issues', { a: 2 }),
    },
    {
      id: 'D7',
      name: 'a captured delivery under another event’s name passes for the same one',
      baseline: () => keptBy(ground.taken, () => send(ground.naive, { headers: { 'x-github-event': 'installation' } })),
      attack: async () => {
        await sendRight(ground);
        await send(ground.ours, { headers: { ...signature(right), 'x-github-event': 'issue_comment' } });
        return new Set(hashes()).size === 1;
      },
      twin,
    },
  ];
}

/** Bodies beyond what GitHub sends; the signature is right, so that nothing else refuses them. */
function sizeCases(ground: Ground): Case[] {
  const large = JSON.stringify({ text: 'x'.repeat(27 * mega) });
  const signed = signature(sign(large));
  const rows: readonly (readonly [name: string, sent: Sent])[] = [
    ['a length of 27 MiB', { headers: signed, body: large }],
    ['27 MiB in pieces of no said length', { headers: { ...signed, 'transfer-encoding': 'chunked' }, body: large }],
    ['a length of 27 MiB and no signature', { body: large }],
  ];
  return rows.map(([name, sent]) => ({
    id: 'D7',
    name: `a delivery with ${name}`,
    baseline: () => keptBy(ground.taken, () => send(ground.naive, sent)),
    attack: () => keptBy(ground.kept, () => send(ground.ours, sent)),
    twin: async () => {
      const body = JSON.stringify({ text: 'x'.repeat(5 * mega) });
      return keptBy(ground.kept, () => send(ground.ours, { headers: signature(sign(body)), body }));
    },
  }));
}

/** Connections that never say all they have to: each must be closed soon. */
function slowCases(ground: Ground): Case[] {
  const rows = [
    ['nothing', ''],
    ['half of its headers', 'POST /hooks HTTP/1.1\r\nhost: us\r\n'],
    ['half of its body', 'POST /hooks HTTP/1.1\r\nhost: us\r\nx-hub-signature-256: x\r\ncontent-length: 10\r\n\r\n{'],
    [
      'half of a chunk',
      'POST /hooks HTTP/1.1\r\nhost: us\r\nx-hub-signature-256: x\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{',
    ],
  ] as const;
  return rows.map(([name, text]) => ({
    id: 'D7',
    name: `a connection that sends ${name} and waits`,
    baseline: () => staysOpen(ground.naive, text),
    attack: () => staysOpen(ground.ours, text),
    twin: () => sendRight(ground),
  }));
}

async function staysOpen(url: string, text: string): Promise<boolean> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const state = { isClosed: false };
  socket.on('error', () => undefined);
  socket.on('close', () => (state.isClosed = true));
  socket.resume();
  if (text !== '') socket.write(text);
  for (let left = 150; left > 0 && !state.isClosed; left -= 1) await pause(10);
  socket.destroy();
  return !state.isClosed;
}

/** Routes that a bot of this kind often has, and that nobody must find here. */
const routes = (
  '/ /probot /probot/setup /probot/import /probot/success /ping /stats /metrics /debug /debug/pprof /admin /env /.env /config /app.yml /package.json ' +
  '/api /api/github /runs /.git/config /hooks/../package.json /static/../../package.json /%2e%2e/package.json /server-status /graphql /login /setup'
).split(' ');

function routeCases(ground: Ground): Case[] {
  const methods = ['GET', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'];
  const isFound = (status: number) => status > 0 && status < 400;
  const twin = async () => (await send(ground.ours, { path: '/healthz', method: 'GET', body: '' })) === 200;
  return [
    ...routes.map((path) => ({
      id: 'D37',
      name: `the route ${path}`,
      baseline: async () => isFound(await send(ground.naive, { path, method: 'GET', body: '' })),
      attack: async () =>
        isFound(await send(ground.ours, { path, method: 'GET', body: '' })) ||
        isFound(await send(ground.ours, { path, body: '{}' })),
      twin,
    })),
    ...methods.map((method) => ({
      id: 'D37',
      name: `the webhook by ${method}`,
      baseline: async () => isFound(await send(ground.naive, { method, body: '' })),
      attack: async () => isFound(await send(ground.ours, { method, body: '', headers: signature(sign('')) })),
      twin,
    })),
  ];
}

/** Secrets that anybody could guess must stop the start. */
const weak: readonly Case[] = ['', 'development', 'secret', 'x'.repeat(31), 'changeme', 'a'.repeat(32), 'password'].map(
  (word) => ({
    id: 'D7',
    name: `a webhook secret "${word}"`,
    baseline: () => sign(wish, word) === sign(wish, word), // a server would verify by it
    attack: () => WebhookSecrets.safeParse(word).success,
    twin: () => WebhookSecrets.safeParse(secret).success,
  }),
);

async function openNaive(ends: AsyncDisposableStack, taken: string[]): Promise<string> {
  const server: Server = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      if (request.method !== 'GET') taken.push(String(Buffer.concat(chunks).length));
      response.end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

export const webhook = sharedClass('webhook', async (ends) => {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const kept: VerifiedDelivery[] = [];
  const accept = async (delivery: VerifiedDelivery) => void kept.push(delivery);
  const intake = await createIntake({ appId: 1, privateKey, secret, path: '/hooks', accept });
  const limits = { headers: 300, request: 600 };
  const server = ends.use(
    await startServer({ host: '127.0.0.1', port: 0, intake, ready: async () => undefined, limits }),
  );
  const taken: string[] = [];
  const ground = { ours: server.url, kept, naive: await openNaive(ends, taken), taken };
  return [
    ...forgedCases(ground),
    ...replayCases(ground),
    ...sizeCases(ground),
    ...slowCases(ground),
    ...routeCases(ground),
    ...weak,
  ];
});
