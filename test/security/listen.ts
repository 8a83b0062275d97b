import type { Server } from 'node:net';

/** Listens where it is said, on the loopback if not, until the class is over; the port, 0 for what has none. */
export async function listenOn(
  server: Server,
  ends: AsyncDisposableStack,
  where: object = { host: '127.0.0.1', port: 0 },
): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, resolve);
  });
  ends.defer(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
