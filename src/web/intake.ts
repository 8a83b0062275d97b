import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createNodeMiddleware, Probot } from 'probot';
import { pino } from 'pino';
import { isSignedBy, sign } from './signature.ts';

/** GitHub sends at most 25 MB (docs: "Webhook events and payloads", payload cap). */
const maxBodyBytes = 26 * 1024 * 1024;

/**
 * How long a delivery may take to be kept, in milliseconds. The database's own door gives up sooner; whatever hangs beyond it is not
 * allowed to reach the nine seconds after which the middleware says 202 and GitHub would count a delivery as taken that nobody has.
 */
const acceptMs = 5_000;

/** One verified webhook call. */
export interface VerifiedDelivery {
  readonly id: string;
  readonly event: string;
  readonly payload: unknown;
  /** The same for the same event and payload: the delivery's id is outside the signature, so a replay can carry a fresh one. */
  readonly bodyHash: string;
}

/** SHA-256 of event name and payload, hex. */
export function hashDelivery(event: string, payload: unknown): string {
  return createHash('sha256')
    .update(`${event}\n${JSON.stringify(payload)}`)
    .digest('hex');
}

export interface IntakeOptions {
  readonly appId: number;
  readonly privateKey: string;
  /** The webhook secret, or all that are good at the moment of the call: several while one takes the place of another. */
  readonly secret: string | (() => readonly string[]);
  readonly path: string;
  /** Resolves once the delivery is kept for good; a rejection makes GitHub see 503, so that it is not shown as delivered. */
  readonly accept: (delivery: VerifiedDelivery) => Promise<void>;
  /** Default: five seconds. */
  readonly acceptMs?: number;
}

/** Answers a request to the webhook path; false when the request is for somebody else. */
export type Intake = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/**
 * Probot's middleware behind what it lacks: a cap on the body before it is buffered, secrets that change, and silence about what was
 * in a delivery (its own logger would write the payload of a failed one). It knows a single secret for good, so it gets one of this
 * process's own, and only what was signed by a secret of now is signed again with that.
 */
export async function createIntake(options: IntakeOptions): Promise<Intake> {
  const secrets = readSecrets(options.secret);
  const ownSecret = randomBytes(32).toString('hex');
  const middleware = await createMiddleware(options, ownSecret);
  return async (request, response) => {
    if (new URL(request.url ?? '/', 'http://localhost').pathname !== options.path) return false;
    const body = await readSigned(request, secrets);
    if ('status' in body) {
      respond(response, body);
      return true;
    }
    request.headers['x-hub-signature-256'] = sign(ownSecret, body.text);
    Object.assign(request, { body: body.text });
    await middleware(request, response);
    return true;
  };
}

function readSecrets(secret: IntakeOptions['secret']): () => readonly string[] {
  return typeof secret === 'string' ? () => [secret] : secret;
}

async function createMiddleware(options: IntakeOptions, secret: string) {
  const { appId, privateKey, path } = options;
  const probot = new Probot({ appId, privateKey, secret, log: pino({ level: 'silent' }) });
  return await createNodeMiddleware(
    (app) => {
      app.onAny(({ id, name, payload }) => {
        return acceptOrRefuse(options, { id, event: name, payload, bodyHash: hashDelivery(name, payload) });
      });
    },
    { probot, webhooksPath: path },
  );
}

/** The middleware answers with the `status` and message of what a handler throws, so both are ours here. */
async function acceptOrRefuse(options: IntakeOptions, delivery: VerifiedDelivery): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, options.acceptMs ?? acceptMs);
  });
  try {
    await Promise.race([options.accept(delivery), late]);
  } catch {
    throw Object.assign(new Error('The delivery could not be kept; redeliver it later.'), { status: 503 });
  } finally {
    clearTimeout(timer);
  }
}

interface Refusal {
  readonly status: number;
  readonly reason: string;
}

/** The body as text once its bytes have proved to be signed by one of the secrets; a refusal otherwise, as early as can be. */
async function readSigned(
  request: IncomingMessage,
  secrets: () => readonly string[],
): Promise<Refusal | { readonly text: string }> {
  const body = refuseUnread(request) ?? (await readBody(request));
  if ('status' in body) return body;
  const isSigned = isSignedBy(secrets(), body, String(request.headers['x-hub-signature-256']));
  return isSigned ? { text: body.toString('utf8') } : { status: 400, reason: 'The signature does not match.' };
}

function refuseUnread(request: IncomingMessage): Refusal | undefined {
  if (request.method !== 'POST') return { status: 405, reason: 'Only POST is answered here.' };
  if (!request.headers['x-hub-signature-256']) return { status: 401, reason: 'The signature is missing.' };
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) return tooLarge;
  return undefined;
}

const tooLarge: Refusal = { status: 413, reason: 'The body is larger than any delivery.' };

/** The whole body, or a refusal as soon as it is too large. */
async function readBody(request: IncomingMessage): Promise<Buffer | Refusal> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) return tooLarge;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The connection is closed, so that nobody goes on sending what is not read. */
function respond(response: ServerResponse, { status, reason }: Refusal): void {
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(`${reason}\n`);
}
