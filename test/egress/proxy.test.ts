import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSandbox } from '../../src/sandbox/index.ts';
import { type Egress, isListed, isPublicAddress, openProxy, publicEgress } from '../../src/egress/index.ts';
import { makeCheckout } from '../sandbox/checkout.ts';
import { makeScratchFolder } from '../stand-ins/postgres.ts';

let origin: Server;
let port = 0;
let folder: string;
let sockets = 0;
const requests: string[] = [];
beforeAll(async () => {
  folder = await makeScratchFolder('proxy-');
  origin = createServer((request, response) => {
    requests.push(
      `${request.method ?? ''} ${request.headers.host ?? ''}${request.url ?? ''} ${request.headers['proxy-authorization'] ?? ''}`,
    );
    response.end('from the origin');
  });
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  const address = origin.address();
  port = typeof address === 'object' ? (address?.port ?? 0) : 0;
});
afterAll(async () => {
  origin.close();
  await rm(folder, { recursive: true });
});

/** Every name leads to our origin, which stands on the loopback. */
function localEgress(more: object = {}) {
  return { ports: [port], resolve: async () => ['127.0.0.1'], isAllowedAddress: () => true, ...more };
}

/** A proxy on a socket in a folder of the test's. */
async function open(allowedHosts: readonly string[], egress: Egress) {
  sockets += 1;
  return openProxy(join(folder, `${sockets}.sock`), allowedHosts, egress);
}

/** Sends bytes to a proxy's socket and gives all that comes back. */
async function say(socketPath: string, text: string): Promise<string> {
  const socket = connect(socketPath);
  socket.write(text);
  return (await socket.toArray()).join('');
}

describe('the allow-list proxy', () => {
  it('lets a box reach a listed host by HTTP and through a tunnel, and no other', async () => {
    await using checkout = await makeCheckout({});
    const sandbox = createSandbox({ kind: 'bubblewrap', nodePath: process.execPath, egress: localEgress() });
    await using box = await sandbox.open({
      checkout,
      allowedHosts: ['registry.example'],
      signal: new AbortController().signal,
    });
    const curl = 'curl -s -o - -w "%{http_code}\\n"';
    const { output } = await box.exec(
      [
        `${curl} http://registry.example:${port}/plain`,
        `${curl} --proxytunnel http://registry.example:${port}/tunnel`,
        `${curl} http://other.example:${port}/plain`,
        `${curl} --proxytunnel http://other.example:${port}/ || echo`,
        `exec 3<>/dev/tcp/127.0.0.1/${port}`,
      ].join('\n'),
      20_000,
    );
    expect(output).toContain('from the origin200\nfrom the origin200\n403\n');
    expect(output).toContain('Connection refused');
    expect(box.blockedHosts()).toEqual([{ host: 'other.example', port, reason: 'not listed' }]);
    expect(requests).toEqual([`GET registry.example:${port}/plain `, `GET registry.example:${port}/tunnel `]);
  });

  it.each([
    ['a host that is not listed', (to: number) => `CONNECT evil.example:${to} HTTP/1.1\r\n\r\n`],
    ['a host that only ends like a listed one', (to: number) => `CONNECT evilallowed.example:${to} HTTP/1.1\r\n\r\n`],
    ['a listed host on another port', () => 'CONNECT allowed.example:22 HTTP/1.1\r\n\r\n'],
    ['an address instead of a name', (to: number) => `CONNECT 127.0.0.1:${to} HTTP/1.1\r\n\r\n`],
    ['a target that is none', () => 'CONNECT /etc/passwd HTTP/1.1\r\n\r\n'],
    [
      'a plain request that names no host',
      () => 'GET / HTTP/1.1\r\nHost: allowed.example\r\nConnection: close\r\n\r\n',
    ],
    [
      'a plain request with a password in its URL to another host',
      (to: number) => `GET http://allowed.example@evil.example:${to}/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    ],
    [
      'another scheme',
      () => 'GET ftp://allowed.example/ HTTP/1.1\r\nHost: allowed.example\r\nConnection: close\r\n\r\n',
    ],
  ])('refuses %s', async (_, request) => {
    await using proxy = await open(['allowed.example'], localEgress());
    const before = requests.length;
    expect(await say(proxy.socketPath, request(port))).toMatch(/^HTTP\/1\.1 403 /);
    expect(requests).toHaveLength(before);
  });

  it('asks by the name in the URL, whatever the Host header says, and passes no proxy password on', async () => {
    await using proxy = await open(['allowed.example'], localEgress());
    await say(
      proxy.socketPath,
      `GET http://allowed.example:${port}/a HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\nProxy-Authorization: Basic eA==\r\n\r\n`,
    );
    expect(requests.at(-1)).toBe(`GET allowed.example:${port}/a `);
  });

  it('refuses a listed name that leads to an address which is not public, even if only one of them does', async () => {
    const egress = { ...publicEgress, ports: [port], resolve: async () => ['93.184.215.14', '127.0.0.1'] };
    await using proxy = await open(['allowed.example'], egress);
    expect(await say(proxy.socketPath, `CONNECT allowed.example:${port} HTTP/1.1\r\n\r\n`)).toMatch(/ 403 /);
    expect(proxy.blocked()).toEqual([{ host: 'allowed.example', port, reason: 'private address' }]);
  });

  it('connects to the address it checked and does not look the name up again', async () => {
    let lookups = 0;
    const egress = localEgress({
      resolve: async () => {
        lookups += 1;
        return ['127.0.0.1'];
      },
    });
    await using proxy = await open(['allowed.example'], egress);
    const reply = await say(
      proxy.socketPath,
      `CONNECT allowed.example:${port} HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    );
    expect(reply).toContain('from the origin');
    expect(lookups).toBe(1);
  });

  it('says so when the host can not be looked up or reached', async () => {
    const failing = localEgress({ resolve: () => Promise.reject(new Error('ENOTFOUND')) });
    await using proxy = await open(['allowed.example'], failing);
    expect(await say(proxy.socketPath, `CONNECT allowed.example:${port} HTTP/1.1\r\n\r\n`)).toMatch(/ 502 /);
  });

  it('names each refused host once', async () => {
    await using proxy = await open([], localEgress());
    for (const host of ['a.example', 'b.example', 'A.example.', 'b.example'])
      await say(proxy.socketPath, `CONNECT ${host}:443 HTTP/1.1\r\n\r\n`);
    expect(proxy.blocked()).toEqual([
      { host: 'a.example', port: 443, reason: 'port' },
      { host: 'b.example', port: 443, reason: 'port' },
    ]);
  });
});

describe('D3: a refused host', () => {
  it.each([
    ['CONNECT other.example:443', { host: 'other.example', port: 443, reason: 'not listed' }],
    ['GET http://other.example/', { host: 'other.example', port: 80, reason: 'not listed' }],
    ['CONNECT listed.example:22', { host: 'listed.example', port: 22, reason: 'port' }],
    ['CONNECT 93.184.215.14:443', { host: '93.184.215.14', port: 443, reason: 'address' }],
    ['CONNECT 0x7f000001:443', { host: '0x7f000001', port: 443, reason: 'address' }],
    ['CONNECT 127.1:443', { host: '127.1', port: 443, reason: 'address' }],
    ['CONNECT [::1]:443', { host: '[::1]', port: 443, reason: 'address' }],
    ['GET http://2130706433/', { host: '127.0.0.1', port: 80, reason: 'address' }],
    ['CONNECT metadata.example:80', { host: 'metadata.example', port: 80, reason: 'private address' }],
    ['CONNECT nowhere.example:80', { host: 'nowhere.example', port: 80, reason: 'private address' }],
  ])('of %s is written down with its reason', async (request, expected) => {
    const addresses: Record<string, string[]> = { 'metadata.example': ['169.254.169.254'], 'nowhere.example': [] };
    const egress = { ...publicEgress, resolve: async (host: string) => addresses[host] ?? ['93.184.215.14'] };
    await using proxy = await open(['listed.example', 'metadata.example', 'nowhere.example', '127.0.0.1'], egress);
    expect(await say(proxy.socketPath, `${request} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)).toMatch(/ 403 /);
    expect(proxy.blocked()).toEqual([expected]);
  });

  it('that nobody listed is not looked up: the question itself would leave the machine', async () => {
    const asked: string[] = [];
    const egress = localEgress({
      resolve: async (host: string) => {
        asked.push(host);
        return ['127.0.0.1'];
      },
    });
    await using proxy = await open(['allowed.example'], egress);
    await say(proxy.socketPath, `CONNECT what-i-know.evil.example:${port} HTTP/1.1\r\n\r\n`);
    expect(asked).toEqual([]);
    await say(proxy.socketPath, `GET http://allowed.example:${port}/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    expect(asked).toEqual(['allowed.example']);
  });
});

describe('a name on the list', () => {
  it.each([
    ['registry.npmjs.org', ['registry.npmjs.org'], true],
    ['registry.npmjs.org', ['REGISTRY.npmjs.org'], true],
    ['a.b.example.org', ['*.example.org'], true],
    ['example.org', ['*.example.org'], false],
    ['badexample.org', ['*.example.org'], false],
    ['.example.org', ['*.example.org'], false],
    ['example.org.evil.net', ['example.org', '*.example.org'], false],
    ['example.org', [], false],
    ['example.org', ['*'], false],
  ])('%s under %j is let through: %s', (host, list, allowed) => {
    expect(isListed(host, list)).toBe(allowed);
  });
});

describe('a public address', () => {
  it.each(['1.1.1.1', '93.184.215.14', '172.15.0.1', '172.32.0.1', '2606:4700::1111', '2a00:1450::1'])(
    '%s',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each([
    ...[
      '127.0.0.1',
      '0.0.0.0',
      '10.1.2.3',
      '172.16.0.1',
      '192.168.1.1',
      '169.254.169.254',
      '100.64.0.1',
      '100.100.100.200',
      '224.0.0.1',
      '255.255.255.255',
    ],
    ...[
      '::',
      '::1',
      'fe80::1',
      'fe80::1%eth0',
      'fc00::1',
      'fd00:ec2::254',
      'ff02::1',
      '::ffff:127.0.0.1',
      '::ffff:1.1.1.1',
      '64:ff9b::7f00:1',
      '2002:7f00:1::',
      '2001::1',
    ],
    ...['localhost', '', '0x7f.1', '2130706433', '127.1'],
  ])('is not %j', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});
