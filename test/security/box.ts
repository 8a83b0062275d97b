import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { numberOf } from '../../src/isolation/index.ts';
import { makeSandbox } from '../sandbox/checkout.ts';
import { sharedClass, type Case } from './case.ts';
import { openGround, runDisposable, worksBare, worksInside, type Ground } from './ground.ts';
import { listenOn } from './listen.ts';

/** What the host has laid out, new for every run. Nothing in a command line shows the secret as it is: the search must not find itself. */
interface Bait {
  readonly secret: string;
  readonly secretPath: string;
  readonly port: number;
  readonly port6: number;
  readonly udpPort: number;
  readonly abstractSocket: string;
  readonly socketPath: string;
  readonly hostPid: number;
  readonly ownAddress: string;
  readonly mirror: string;
}

type Row = readonly [id: 'D2' | 'D3' | 'D4', name: string, script: string];

const python = '/usr/bin/python3 -c';

function hidden(secret: string): string {
  return `[${secret.charAt(0)}]${secret.slice(1)}`;
}

function secretRows({ secret, hostPid }: Bait): Row[] {
  const word = hidden(secret);
  return [
    ['D2', 'the secret in its environment', `env | grep -q '${word}'`],
    ['D2', 'the secret in the environment of any process', `cat /proc/[0-9]*/environ 2>/dev/null | grep -aq '${word}'`],
    ['D2', 'the secret in the environment of its own shell', `cat /proc/$$/environ | grep -aq '${word}'`],
    ['D2', 'the secret in the environment of the service', `cat /proc/${hostPid}/environ | grep -aq '${word}'`],
    ['D2', 'the secret in any command line', `cat /proc/[0-9]*/cmdline 2>/dev/null | grep -aq '${word}'`],
    ['D2', 'the command line of the service', `tr '\\0' ' ' < /proc/${hostPid}/cmdline | grep -q .`],
    [
      'D2',
      'the memory of the service',
      `head -c 1 /proc/${hostPid}/auxv | grep -aq ''  && [ -r /proc/${hostPid}/mem ]`,
    ],
    ['D2', 'the descriptors of the service', `ls /proc/${hostPid}/fd | grep -q .`],
    ['D2', 'more processes than a box has', '[ "$(ls -d /proc/[0-9]* | wc -l)" -gt 15 ]'],
    ['D2', 'a signal to the service', `kill -0 ${hostPid}`],
    ['D2', 'a process 1 that is the host’s', '! grep -q bwrap /proc/1/comm'],
  ];
}

/** A program that gets an answer from an address, or fails. */
function tcp(host: string, port: number): string {
  return `${python} 'import socket; s = socket.create_connection(("${host}", ${port}), 2); assert s.recv(4) == b"here"'`;
}

function udp(host: string, port: number): string {
  return `${python} 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(1); s.sendto(b"x", ("${host}", ${port})); assert s.recv(4) == b"here"'`;
}

/** Whether there is a way at all: connecting a datagram socket asks the routing table and sends nothing. */
function route(family: 'AF_INET' | 'AF_INET6', address: string): string {
  return `${python} 'import socket; socket.socket(socket.${family}, socket.SOCK_DGRAM).connect(("${address}", 53))'`;
}

function networkRows({ port, port6, udpPort, abstractSocket, socketPath, ownAddress }: Bait): Row[] {
  const spellings = [
    '127.0.0.1',
    '127.1',
    '0',
    '0x7f000001',
    '2130706433',
    '0177.0.0.1',
    '127.0.0.53',
    '0.0.0.0',
    'localhost',
  ];
  return [
    ...spellings.map((host): Row => ['D3', `the host’s loopback as ${host}`, tcp(host, port)]),
    ['D3', 'the host’s loopback as ::ffff:127.0.0.1', tcp('::ffff:127.0.0.1', port)],
    ['D3', 'the host’s loopback over IPv6', tcp('::1', port6)],
    ['D3', 'the host’s own address', tcp(ownAddress, port)],
    ['D3', 'the host’s loopback by bash', `exec 3<>/dev/tcp/127.0.0.1/${port} && grep -q here <&3`],
    ['D3', 'the host’s loopback by curl', `curl -s --http0.9 -m 2 http://127.0.0.1:${port}/ | grep -q here`],
    ['D3', 'the host’s loopback by UDP', udp('127.0.0.1', udpPort)],
    ['D3', 'the host’s abstract socket', unix(`\\0${abstractSocket}`)],
    ['D3', 'the host’s socket in a folder', unix(socketPath)],
    ['D3', 'a way to the metadata service', route('AF_INET', '169.254.169.254')],
    ['D3', 'a way to a name server', route('AF_INET', '8.8.8.8')],
    ['D3', 'a way to private networks', route('AF_INET', '10.0.0.1')],
    ['D3', 'a network device besides lo', "awk -F: 'NR > 2 { print $1 }' /proc/net/dev | grep -qvw lo"],
    ['D3', 'a route', '[ "$(wc -l < /proc/net/route)" -gt 1 ]'],
    ['D3', 'the host’s connections', `grep -qi ':${port.toString(16).padStart(4, '0')} ' /proc/net/tcp`],
    ['D3', 'the host’s abstract sockets by name', `grep -q '${hidden(abstractSocket)}' /proc/net/unix`],
    ['D3', 'raw packets', `${python} 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)'`],
    ['D3', 'raw ICMP', `${python} 'import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)'`],
    ['D3', 'the host’s names', 'grep -qi nameserver /etc/resolv.conf'],
  ];
}

function unix(address: string): string {
  return `${python} 'import socket; s = socket.socket(socket.AF_UNIX); s.settimeout(2); s.connect("${address}"); assert s.recv(4) == b"here"'`;
}

function fileRows({ secret, secretPath, hostPid, mirror }: Bait): Row[] {
  const name = secretPath.slice(secretPath.lastIndexOf('/') + 1);
  return [
    ['D4', 'a file beside the checkout', `cat ${secretPath}`],
    ['D4', 'that file by way of its own root', `cat /proc/self/root${secretPath}`],
    ['D4', 'that file by way of the service', `cat /proc/${hostPid}/root${secretPath}`],
    [
      'D4',
      'that file by its name',
      `find /tmp /home /repo /var /run /mirror -name '${hidden(name)}' 2>/dev/null | grep -q .`,
    ],
    ['D4', 'its words anywhere', `grep -rqs '${hidden(secret)}' /tmp /repo /home /run /mirror /dev/shm`],
    ['D4', 'the folder of another repository', `ls ${mirror}`],
    ['D4', 'the host’s shared memory', `grep -q . /dev/shm/${name}`],
    ['D4', 'root’s home', 'ls /root'],
    ['D4', 'password hashes', 'cat /etc/shadow'],
    ['D4', 'the host’s name', '[ "$(hostname)" != box ]'],
    [
      'D4',
      'the host’s machine id',
      'cat /etc/machine-id || cat /proc/sys/kernel/random/boot_id /etc/hostname && ls /sys/class',
    ],
    ['D4', 'the host’s /sys', 'ls /sys/kernel'],
    ['D4', 'the host’s disks', 'ls /dev | grep -qE "^(sd|vd|nvme|loop|kmsg|mem|fuse)"  || ls /sys/block'],
    ['D4', 'the host’s cgroups', 'ls /sys/fs/cgroup'],
    ['D4', 'the kernel’s messages', 'dmesg 2>/dev/null | grep -q . || [ -r /sys/kernel ]'],
    ['D4', 'the host’s folders', 'ls /boot /srv /root /sys > /dev/null'],
    ['D4', 'a shared memory segment of the host', `ipcs -m | grep -q '${ipcKey}'`],
    ['D4', 'the namespaces of the service', `nsenter -t ${hostPid} -m true`],
    ['D4', 'another root', 'chroot / true'],
    ['D4', 'a mount namespace of its own', 'unshare --mount true'],
    ['D4', 'a mount', 'mkdir -p mnt && unshare --mount mount -t tmpfs none mnt'],
    ['D4', 'being root', '[ "$(id -u)" = 0 ]'],
    ['D4', 'capabilities', "grep '^CapEff:' /proc/self/status | grep -qv '0000000000000000$'"],
    ['D4', 'gaining privileges', "grep -q '^NoNewPrivs:.*0$' /proc/self/status"],
    ['D4', 'a device of its own', 'rm -f null && mknod null c 1 3 && rm null'],
    // Asks for leave to set the clock, and then sets nothing.
    ['D4', 'the time', `perl -e 'exit(syscall(${numberOf('settimeofday') ?? -1}, 0, 0) == 0 ? 0 : 1)'`],
  ];
}

/** What would change the machine if it went wrong: tried in namespaces of its own. */
const harmful = /^(?:another root|a mount|a device|the time)/;

const ipcKey = '0x0badcafe';

function listen(ends: AsyncDisposableStack, where: object): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end('here');
  });
  return listenOn(server, ends, where);
}

async function listenUdp(ends: AsyncDisposableStack): Promise<number> {
  const socket = createSocket('udp4');
  socket.on('message', (_, from) => {
    socket.send('here', from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  ends.defer(() => void socket.close());
  return socket.address().port;
}

function ownAddress(): string {
  const found = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal);
  return found?.address ?? '127.0.0.2';
}

async function layOut(ends: AsyncDisposableStack, secret: string, { bare }: Pick<Ground, 'bare'>): Promise<Bait> {
  const name = `sentinel-${randomBytes(6).toString('hex')}`;
  const secretPath = join(bare, name);
  const mirror = join(bare, 'another-repository');
  await writeFile(secretPath, secret);
  await mkdir(mirror);
  await writeFile(`/dev/shm/${name}`, secret);
  ends.defer(() => rm(`/dev/shm/${name}`, { force: true }));
  const abstractSocket = `backend-attack-${randomBytes(6).toString('hex')}`;
  const socketPath = join(bare, 'canary.sock');
  await listen(ends, { path: `\0${abstractSocket}` });
  await listen(ends, { path: socketPath });
  const port = await listen(ends, { host: '0.0.0.0', port: 0 });
  const port6 = await listen(ends, { host: '::1', port: 0 });
  const service = spawn('/bin/bash', ['-c', `sleep 600; : ${secret}`], {
    env: { ATTACK_SECRET: secret },
    stdio: 'ignore',
  });
  ends.defer(() => void service.kill('SIGKILL'));
  return {
    ...{ secret, secretPath, abstractSocket, socketPath, mirror },
    ...{ port, port6, udpPort: await listenUdp(ends) },
    ...{ hostPid: service.pid ?? 0, ownAddress: ownAddress() },
  };
}

/** What the box must still be able to do, beside what it must not. */
const twins: Readonly<Record<Row[0], string>> = {
  D2: 'env | grep -q HOME= && tr "\\0" " " < /proc/$$/cmdline | grep -q bash',
  D3: `${python} 'import socket; s = socket.create_server(("127.0.0.1", 0)); socket.create_connection(s.getsockname(), 2)'`,
  D4: 'cat /repo/a.txt && git -C /repo log --oneline | grep -q Begin && echo x > /repo/made && rm /repo/made',
};

/** All of a box's life, the host's processes must not show the secret either: it is only in the environment that they began with. */
export const box = sharedClass('box', async (ends) => {
  const secret = `attack-${randomBytes(12).toString('hex')}`;
  process.env['ATTACK_SECRET'] = secret; // as if the operator had set it; boxes are opened after
  ends.defer(() => {
    Reflect.deleteProperty(process.env, 'ATTACK_SECRET');
  });
  const ground = await openGround(ends);
  const bait = await layOut(ends, secret, ground);
  await worksBare(
    `ipcmk -M 16 > ipc-made; ${python} 'import ctypes; ctypes.CDLL(None).shmget(${ipcKey}, 16, 0o1600)'`,
    ground,
  );
  ends.defer(async () => {
    await worksBare(`ipcrm -M ${ipcKey}; ipcrm -m "$(grep -o '[0-9]*$' ipc-made)"`, ground);
  });
  const rows = [...secretRows(bait), ...networkRows(bait), ...fileRows(bait)];
  const selfTest: Case = {
    id: 'D5',
    name: 'a box that holds nothing passes for one that holds',
    baseline: () => worksBare(`cat ${bait.secretPath}`, ground),
    attack: () => worksInside(`cat ${bait.secretPath}`, ground),
    twin: async () => {
      await makeSandbox().selfTest();
      return true;
    },
  };
  return [
    ...rows.map(([id, name, script]) => ({
      id,
      name: `a box has ${name}`,
      baseline: async () => {
        if (!harmful.test(name)) return worksBare(script, ground, { ATTACK_SECRET: secret });
        return (await runDisposable(script, { cwd: ground.bare })).code === 0;
      },
      attack: () => worksInside(script, ground),
      twin: () => worksInside(twins[id], ground),
    })),
    selfTest,
  ];
});
