/** Logs much more than a pipe holds, in the format of the first argument, while it answers over HTTP how many lines it has logged. */
import { createServer, type AddressInfo } from 'node:net';
import { createLog, flushLog } from '../src/log.ts';

const log = await createLog({ level: 'info', format: process.argv[2] === 'pretty' ? 'pretty' : 'json' });
let logged = 0;

function logMuch(): void {
  for (let index = 0; index < 1_000; index += 1) log.info({ text: 'x'.repeat(200) }, 'a line');
  logged += 1_000;
}

const server = createServer((socket) => {
  socket.on('data', (chunk) => {
    if (chunk.toString().includes('end')) void flushLog(log, 200).then(() => process.exit(0));
    else logMuch();
    socket.write(`${logged}\n`);
  });
}).listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo; // a TCP server's address is never a string
  process.stderr.write(`${port}\n`);
});
