import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect, createServer as createTcp, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { isListed, isPublicAddress, openProxy, publicEgress, type Egress } from '../../src/egress/index.ts';
import { sharedClass, type Case } from './case.ts';

/** Where a row's requests may lead, and what came there. */
interface Ground {
  readonly folder: string;
  readonly port: number;
  /** Requests that reached a server of the host, with what they said. */
  readonly hits: string[];
}

/** Requests to a proxy that lets `allowed.example` through; `PORT` stands for the origin's. */
const requests: readonly (readonly [name: string, request: string])[] = [
  ['a host that begins like it', 'CONNECT allowed.example.evil.test:PORT HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a host that ends like it', 'CONNECT evil-allowed.example:PORT HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a name below it', 'CONNECT evil.allowed.example:PORT HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['two dots behind it', 'CONNECT allowed.example..:PORT HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a dot before it', 'CONNECT .allowed.example:PORT HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['its name as a user', 'CONNECT allowed.example@127.0.0.1:PORT HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a NUL behind it', 'CONNECT allowed.example%00.evil.test:PORT HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a path behind it', 'CONNECT evil.test/allowed.example:PORT HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a fragment', 'CONNECT evil.test#allowed.example:PORT HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['another scheme by CONNECT', 'CONNECT http://allowed.example:PORT HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['the loopback with its name in Host', 'CONNECT 127.0.0.1:PORT HTTP/1.1\r\nHost: allowed.example\r\n\r\n'],
  ['the loopback in short', 'CONNECT 127.1:PORT HTTP/1.1\r\nHost: allowed.example\r\n\r\n'],
  ['the loopback as a number', 'CONNECT 2130706433:PORT HTTP/1.1\r\nHost: allowed.example\r\n\r\n'],
  ['the loopback in hexadecimal', 'CONNECT 0x7f000001:PORT HTTP/1.1\r\nHost: allowed.example\r\n\r\n'],
  ['IPv6 loopback', 'CONNECT [::1]:PORT HTTP/1.1\r\nHost: allowed.example\r\n\r\n'],
  ['IPv4 in IPv6', 'CONNECT [::ffff:127.0.0.1]:PORT HTTP/1.1\r\nHost: allowed.example\r\n\r\n'],
  ['the metadata service', 'CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: allowed.example\r\n\r\n'],
  ['localhost', 'CONNECT localhost:PORT HTTP/1.1\r\nHost: allowed.example\r\n\r\n'],
  ['a Cyrillic letter', 'CONNECT xn--llowed-4of.example:PORT HTTP/1.1\r\nHost: allowed.example\r\n\r\n'],
  ['a port of SSH', 'CONNECT allowed.example:22 HTTP/1.1\r\nHost: allowed.example\r\n\r\n'],
  ['a port too large', 'CONNECT allowed.example:65616 HTTP/1.1\r\nHost: allowed.example\r\n\r\n'],
  ['no port', 'CONNECT allowed.example HTTP/1.1\r\nHost: allowed.example\r\n\r\n'],
  ['two ports', 'CONNECT allowed.example:PORT:80 HTTP/1.1\r\nHost: allowed.example\r\n\r\n'],
  ['a user in the URL', 'GET http://allowed.example@127.0.0.1:PORT/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
  [
    'a user and password in the URL',
    'GET http://allowed.example:x@evil.test:PORT/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  ],
  [
    'a backslash in the URL',
    'GET http://evil.test:PORT\\@allowed.example/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  ],
  [
    'its name in the query',
    'GET http://evil.test:PORT/?allowed.example HTTP/1.1\r\nHost: allowed.example\r\nConnection: close\r\n\r\n',
  ],
  [
    'its name in Host only',
    'GET http://evil.test:PORT/ HTTP/1.1\r\nHost: allowed.example\r\nConnection: close\r\n\r\n',
  ],
  ['a path alone', 'GET / HTTP/1.1\r\nHost: allowed.example:PORT\r\nConnection: close\r\n\r\n'],
  ['another scheme', 'GET gopher://allowed.example:PORT/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
  ['a file', 'GET file://allowed.example/etc/passwd HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
  [
    'the loopback as a URL’s number',
    'GET http://2130706433:PORT/allowed.example HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  ],
  [
    'the loopback as a URL’s octal',
    'GET http://0177.0.0.1:PORT/allowed.example HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  ],
];

/** A second request hidden in the first: the origin must see one, or none. */
const smuggled: readonly (readonly [name: string, head: string])[] = [
  ['both lengths', 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n'],
  ['two lengths', 'Content-Length: 0\r\nContent-Length: 60\r\n'],
  ['a length with a sign', 'Content-Length: +60\r\n'],
  ['a chunked that is not quite', 'Transfer-Encoding: xchunked\r\n'],
  ['a chunked behind a tab', 'Transfer-Encoding:\tchunked, identity\r\n'],
  ['a folded header', 'X: a\r\n Transfer-Encoding: chunked\r\n'],
];

const inner = 'GET http://evil.test:PORT/smuggled HTTP/1.1\r\nHost: evil.test\r\n\r\n';

const addresses: readonly string[] = (
  '127.0.0.1 127.255.255.254 0.0.0.0 10.0.0.1 172.16.0.1 172.31.255.255 192.168.0.1 169.254.169.254 169.254.170.2 100.64.0.1 100.100.100.200 ' +
  '192.0.0.192 198.18.0.1 224.0.0.1 240.0.0.1 255.255.255.255 ::1 :: ::ffff:127.0.0.1 ::ffff:7f00:1 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b:1::1 fe80::1 ' +
  'fe80::1%lo fec0::1 fc00::1 fd00:ec2::254 2002:7f00:1:: 2001:0:7f00:1:: 2001:db8::1 ff02::1 5f00::1'
).split(' ');

/** Sends bytes and gives what comes back until the end, or a quarter of a second of silence. */
function say(socket: Socket, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    socket.setTimeout(250, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(answer);
    });
    socket.write(text);
  });
}

async function listen(server: Server, at: string | number, ends: AsyncDisposableStack): Promise<number> {
  await new Promise<void>((resolve) => {
    if (typeof at === 'string') server.listen(at, resolve);
    else server.listen(at, '127.0.0.1', resolve);
  });
  ends.defer(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Every name and address leads to the origin; the rest is what we ask of the network. */
function egressTo({ port }: Ground, more: Partial<Egress> = {}): Egress {
  return { ...publicEgress, ports: [port], resolve: async () => ['127.0.0.1'], isAllowedAddress: () => true, ...more };
}

let made = 0;

async function throughOurs(ground: Ground, request: string, egress: Egress): Promise<string> {
  made += 1;
  await using proxy = await openProxy(join(ground.folder, `${made}.sock`), ['allowed.example'], egress);
  return await say(connect(proxy.socketPath), request.replaceAll('PORT', String(ground.port)));
}

/** Whether something arrived at the origin meanwhile. */
async function arrives({ hits }: Ground, send: () => Promise<unknown>): Promise<boolean> {
  const before = hits.length;
  await send();
  return hits.length > before;
}

/** A proxy that lets through whatever mentions the allowed host, wherever, and asks for it at once. */
async function throughNaive(ground: Ground, request: string): Promise<void> {
  if (!request.includes('allowed.example') && !request.startsWith('CONNECT')) return;
  await say(connect(ground.port, '127.0.0.1'), 'GET /naive HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
}

const allowedRequest = 'GET http://allowed.example:PORT/twin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

function requestCases(ground: Ground): Case[] {
  const twin = async () => (await throughOurs(ground, allowedRequest, egressTo(ground))).includes('from the origin');
  return requests.map(([name, request]) => ({
    id: 'D3',
    name: `past the proxy with ${name}`,
    baseline: () => arrives(ground, () => throughNaive(ground, request)),
    attack: async () => {
      const tunnelled = `${request}GET /tunnel HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
      let answer = '';
      const isHit = await arrives(ground, async () => {
        answer = await throughOurs(ground, request.startsWith('CONNECT') ? tunnelled : request, egressTo(ground));
      });
      return isHit || !answer.startsWith('HTTP/1.1 4'); // what is not refused was tried
    },
    twin,
  }));
}

function smuggleCases(ground: Ground): Case[] {
  const sees = (): boolean => ground.hits.some((hit) => hit.includes('smuggled'));
  return smuggled.map(([name, head]) => {
    const request = `POST http://allowed.example:PORT/ HTTP/1.1\r\nHost: a\r\n${head}\r\n0\r\n\r\n${inner}`.replaceAll(
      'PORT',
      String(ground.port),
    );
    return {
      id: 'D3',
      name: `a request smuggled by ${name}`,
      // Passed on byte for byte, the second request stands there for whoever reads the lengths the other way.
      baseline: () => request.includes('/smuggled'),
      attack: async () => {
        ground.hits.length = 0;
        await throughOurs(ground, request, egressTo(ground));
        return sees();
      },
      twin: async () => {
        const post =
          'POST http://allowed.example:PORT/ HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody';
        return (await throughOurs(ground, post, egressTo(ground))).includes('from the origin');
      },
    };
  });
}

function addressCases(ground: Ground): Case[] {
  return addresses.map((address) => ({
    id: 'D3',
    name: `a listed name that leads to ${address}`,
    baseline: () => arrives(ground, () => throughOurs(ground, allowedRequest, egressTo(ground))),
    attack: async () => {
      const egress = egressTo(ground, {
        isAllowedAddress: isPublicAddress,
        resolve: async () => ['93.184.215.14', address],
      });
      return (
        isPublicAddress(address) || !(await throughOurs(ground, allowedRequest, egress)).startsWith('HTTP/1.1 403')
      );
    },
    twin: () => isPublicAddress('93.184.215.14') && isPublicAddress('2606:4700::1111'),
  }));
}

function otherCases(ground: Ground): Case[] {
  const twin = async () => (await throughOurs(ground, allowedRequest, egressTo(ground))).includes('from the origin');
  const rebinding = () => {
    const answers = ['127.0.0.9', '127.0.0.1', '127.0.0.1'];
    return egressTo(ground, {
      isAllowedAddress: (address) => address === '127.0.0.9',
      resolve: async () => [answers.shift() ?? ''],
    });
  };
  const withHeaders =
    'GET http://allowed.example:PORT/ HTTP/1.1\r\nHost: a\r\nProxy-Authorization: Basic c2VjcmV0\r\nUpgrade: h2c\r\nTE: trailers\r\nConnection: close\r\n\r\n';
  const pipelined = `${allowedRequest.replace('close', 'keep-alive')}${inner}`;
  return [
    {
      id: 'D3',
      name: 'a name that is looked up twice and leads elsewhere the second time',
      baseline: async () => {
        const network = rebinding();
        const [checked = ''] = await network.resolve('a');
        const [used = ''] = await network.resolve('a');
        return (
          network.isAllowedAddress(checked) &&
          arrives(ground, () =>
            say(connect(ground.port, used), 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
          )
        );
      },
      attack: () => arrives(ground, () => throughOurs(ground, allowedRequest, rebinding())),
      twin,
    },
    {
      id: 'D3',
      name: 'a redirect to the inside, followed by the proxy',
      baseline: () => arrives(ground, () => fetch(`http://127.0.0.1:${ground.port}/redirect`)),
      attack: async () => {
        ground.hits.length = 0;
        await throughOurs(ground, allowedRequest.replace('/twin', '/redirect'), egressTo(ground));
        return ground.hits.some((hit) => hit.includes('/inside'));
      },
      twin,
    },
    {
      id: 'D3',
      name: 'a second request on the same connection, to another host',
      baseline: () => pipelined.includes('evil.test'),
      attack: async () => {
        ground.hits.length = 0;
        await throughOurs(ground, pipelined, egressTo(ground));
        return ground.hits.some((hit) => hit.includes('smuggled'));
      },
      twin,
    },
    ...['proxy-authorization', 'upgrade', 'te:'].map((header) => ({
      id: 'D3',
      name: `the header ${header} goes on to the origin`,
      baseline: () => withHeaders.toLowerCase().includes(header),
      attack: async () => {
        ground.hits.length = 0;
        await throughOurs(ground, withHeaders, egressTo(ground));
        return ground.hits.some((hit) => hit.toLowerCase().includes(header));
      },
      twin,
    })),
    ...properties,
  ];
}

const octet = fc.nat(255);
const properties: readonly Case[] = [
  {
    id: 'D3',
    name: 'property: no private or local address passes for a public one (5,000 addresses)',
    baseline: () => true,
    attack: () =>
      fc.check(
        fc.property(
          fc.constantFrom('127', '10', '192.168', '169.254', '172.16', '172.31', '0', '100.64', '224', '255'),
          octet,
          octet,
          octet,
          (start, a, b, c) => {
            const address = [...start.split('.'), a, b, c].slice(0, 4).join('.');
            return !isPublicAddress(address) && !isPublicAddress(`::ffff:${address}`);
          },
        ),
        { numRuns: 5000 },
      ).failed,
    twin: () => isPublicAddress('1.1.1.1'),
  },
  {
    id: 'D3',
    name: 'property: no other name passes for a listed one (5,000 names)',
    baseline: () => 'evil.allowed.example'.includes('allowed.example'),
    attack: () =>
      fc.check(
        fc.property(fc.string({ maxLength: 10 }), fc.string({ maxLength: 10 }), (before, after) => {
          const host = `${before}allowed.example${after}`.toLowerCase();
          return host === 'allowed.example' || !isListed(host, ['allowed.example']);
        }),
        { numRuns: 5000 },
      ).failed,
    twin: () => isListed('a.allowed.example', ['*.allowed.example']),
  },
];

export const egress = sharedClass('egress', async (ends) => {
  const folder = await mkdtemp(join(tmpdir(), 'attack-egress-'));
  ends.defer(() => rm(folder, { recursive: true, force: true }));
  const hits: string[] = [];
  const origin = createServer((request, response) => {
    hits.push(`${request.url ?? ''} ${JSON.stringify(request.headers)}`);
    if (request.url === '/redirect') response.writeHead(302, { location: `http://127.0.0.1:${port}/inside` }).end();
    else response.end('from the origin');
  });
  const port = await listen(origin, 0, ends);
  ends.use(await canary(hits));
  const ground = { folder, port, hits };
  return [...requestCases(ground), ...smuggleCases(ground), ...addressCases(ground), ...otherCases(ground)];
});

/** Whatever connects there is a hit too: it stands where a proxy that connects to the wrong port would come. */
async function canary(hits: string[]): Promise<AsyncDisposable> {
  const server = createTcp((socket) => {
    hits.push('the canary');
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { [Symbol.asyncDispose]: async () => void server.close() };
}
