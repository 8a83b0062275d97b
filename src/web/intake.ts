import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createNodeMiddleware, Probot } from 'probot';
import { pino } from 'pino';

/** GitHub sends at most 25 MB (docs: "Webhook events and payloads", payload cap). */
const maxBodyBytes = 26 * 1024 * 1024;

/** One verified webhook call. */
export interface VerifiedDelivery {
  readonly id: string;
  readonly event: string;
  readonly payload: unknown;
  /** SHA-256 of event name and payload, hex. The delivery's id is outside the signature, so a replay can carry a fresh one; this stays. */
  readonly bodyHash: string;
}

export interface IntakeOptions {
  readonly appId: number;
  readonly privateKey: string;
  readonly secret: string;
  readonly path: string;
  /** Resolves once the delivery is kept for good; a rejection makes GitHub see 503, so that it is not shown as delivered. */
  readonly accept: (delivery: VerifiedDelivery) => Promise<void>;
}

/** Answers a request to the webhook path; false when the request is for somebody else. */
export type Intake = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/**
 * Probot's middleware behind the two things it lacks: a cap on the body before it is buffered, and silence about what was in it
 * (its own logger would write the payload of a failed delivery).
 */
export async function createIntake(options: IntakeOptions): Promise<Intake> {
  const probot = new Probot({
    appId: options.appId,
    privateKey: options.privateKey,
    secret: options.secret,
    log: pino({ level: 'silent' }),
  });
  const middleware = await createNodeMiddleware(
    (app) => {
      app.onAny(({ id, name, payload }) => {
        const bodyHash = createHash('sha256')
          .update(`${name}\n${JSON.stringify(payload)}`)
          .digest('hex');
        return acceptOrRefuse(options, { id, event: name, payload, bodyHash });
      });
    },
    { probot, webhooksPath: options.path },
  );
  return async (request, response) => {
    if (new URL(request.url ?? '/', 'http://localhost').pathname !== options.path) return false;
    const body = refuseUnread(request) ?? (await readBody(request));
    if (typeof body === 'object') {
      respond(response, body);
      return true;
    }
    Object.assign(request, { body });
    await middleware(request, response);
    return true;
  };
}

interface Refusal {
  readonly status: number;
  readonly reason: string;
}

/** The middleware answers with the `status` and message of what a handler throws, so both are ours here. */
async function acceptOrRefuse({ accept }: IntakeOptions, delivery: VerifiedDelivery): Promise<void> {
  try {
    await accept(delivery);
  } catch {
    throw Object.assign(new Error('The delivery could not be kept; redeliver it later.'), { status: 503 });
  }
}

function refuseUnread(request: IncomingMessage): Refusal | undefined {
  if (request.method !== 'POST') return { status: 405, reason: 'Only POST is answered here.' };
  if (!request.headers['x-hub-signature-256']) return { status: 401, reason: 'The signature is missing.' };
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) return tooLarge;
  return undefined;
}

const tooLarge: Refusal = { status: 413, reason: 'The body is larger than any delivery.' };

/** The whole body as text, or a refusal as soon as it is too large. A signature over other bytes than its UTF-8 fails later. */
async function readBody(request: IncomingMessage): Promise<string | Refusal> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) return tooLarge;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The connection is closed, so that nobody goes on sending what is not read. */
function respond(response: ServerResponse, { status, reason }: Refusal): void {
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(`${reason}\n`);
}
