import { generateKeyPairSync } from 'node:crypto';
import { pino } from 'pino';
import { Probot, Server } from 'probot';
import { serveCommands } from '../child.ts';

/** The anchor of webhook intake: Probot's own server with an empty handler. It verifies and parses, and keeps nothing. */
serveCommands({
  async listen(secret: string) {
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    });
    const log = pino({ level: 'silent' });
    const server = new Server({
      Probot: Probot.defaults({ appId: 1, privateKey, secret, log }),
      log,
      host: '127.0.0.1',
      port: 0,
      webhookPath: '/hooks',
    });
    await server.load((app) => {
      app.onAny(() => undefined);
    });
    const listening = await server.start();
    const address = listening.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/hooks`;
  },
});
