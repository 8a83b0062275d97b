import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { startModel, type MessageReply } from '../stand-ins/model/index.ts';
import { plain, post } from '../stand-ins/model/wire.ts';

/** How an answer is broken: so many of its bytes are sent, then what is given here, and then the connection is left in that state. */
export interface Break {
  readonly bytes: number;
  readonly then?: string;
  readonly how: 'end' | 'reset' | 'silence' | 'pings';
}

/** A server that says one recorded answer again and again; what is in `breaks` is used up first. */
export interface Replay extends AsyncDisposable {
  readonly url: string;
  readonly apiKey: string;
  readonly breaks: Break[];
  /** How often it was asked. */
  asked(): number;
}

/** The bytes of an answer as the API streams it. */
export async function recordStream(reply: MessageReply): Promise<Buffer> {
  await using standIn = await startModel([reply]);
  const answer = await post(standIn, { ...plain, stream: true });
  return Buffer.from(await answer.arrayBuffer());
}

export async function startReplay(stream: Buffer): Promise<Replay> {
  const breaks: Break[] = [];
  let asked = 0;
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      asked += 1;
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      send(response, stream, breaks.shift());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The replay has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    apiKey: 'sk-ant-replay',
    breaks,
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function send(response: ServerResponse, stream: Buffer, broken: Break | undefined): void {
  if (broken === undefined) {
    response.end(stream);
    return;
  }
  const bytes = Buffer.concat([stream.subarray(0, broken.bytes), Buffer.from(broken.then ?? '')]);
  if (broken.how === 'end') response.end(bytes);
  else if (broken.how === 'silence') response.write(bytes);
  else if (broken.how === 'pings') ping(response, bytes);
  else response.write(bytes, () => response.socket?.resetAndDestroy());
}

/** Says that it is alive, and nothing else, for as long as somebody listens. */
function ping(response: ServerResponse, bytes: Buffer): void {
  response.write(bytes);
  const timer = setInterval(() => response.write('event: ping\ndata: {"type": "ping"}\n\n'), 20);
  response.on('close', () => {
    clearInterval(timer);
  });
}
