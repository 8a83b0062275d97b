import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** What happens to a delivery on its way, told by its body. */
export interface DeliveryGate {
  /** Called before it is handed on; a promise that stays open holds it. */
  arrived(body: string): Promise<void> | void;
  /** Called with the app's answer before GitHub gets it; false loses the answer. */
  answered(body: string, status: number): Promise<boolean> | boolean;
}

/** The one address that GitHub delivers to, whichever process takes deliveries now. */
export interface Relay extends AsyncDisposable {
  readonly url: string;
  /** `http://host:port` of the process; undefined while there is none. */
  send(to: string | undefined): void;
}

const path = '/api/github/webhooks';

export async function startRelay(gate: DeliveryGate): Promise<Relay> {
  let target: string | undefined;
  const server = createServer((request, response) => {
    relay(request, response).catch(() => response.destroy());
  });

  async function relay(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const text = body.toString();
    await gate.arrived(text);
    if (target === undefined) throw new Error('nobody takes deliveries now');
    const headers = Object.entries(request.headers).flatMap(([name, value]) =>
      typeof value === 'string' && !['host', 'connection'].includes(name) ? [[name, value] as const] : [],
    );
    const answer = await fetch(`${target}${path}`, { method: 'POST', headers: Object.fromEntries(headers), body });
    if (await gate.answered(text, answer.status)) response.writeHead(answer.status).end(await answer.text());
    else response.destroy();
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a listening TCP server's
  return {
    url: `http://127.0.0.1:${port}${path}`,
    send: (to) => {
      target = to;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
