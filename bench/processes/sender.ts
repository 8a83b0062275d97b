import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request, type RequestOptions } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { serveCommands } from '../child.ts';

export interface Volley {
  readonly url: string;
  readonly secret: string;
  /** `ignored` deliveries ask for nothing, `queued` ones each become a job. */
  readonly kind: 'ignored' | 'queued';
  readonly count: number;
  readonly perSecond: number;
  /** Makes each delivery of a session unlike any other. */
  readonly from: number;
}

/** What a volley took: ms from sending to the answer, for those answered with 200. */
export interface Answers {
  readonly latencies: readonly number[];
  /** What the others were answered with, or why they were not. */
  readonly failures: readonly string[];
}

/** Sends at fixed times, whether or not earlier deliveries were answered. Bodies are made and signed before the first one leaves. */
serveCommands({
  async send({ url, secret, kind, count, perSecond, from }: Volley): Promise<Answers> {
    const bodies = Array.from({ length: count }, (_, index) => make(kind, from + index));
    const signed = bodies.map(({ event, body }) => ({
      body,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'x-github-event': event,
        'x-github-delivery': randomUUID(),
        'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
      },
    }));
    // A volley's own connections: idle ones of the last volley may be closing on the other side.
    using agent = openAgent();
    const startAt = performance.now();
    const pending = [];
    for (const [index, { body, headers }] of signed.entries()) {
      await sleep(Math.max(0, startAt + (index * 1000) / perSecond - performance.now()));
      pending.push(post(url, body, { agent, headers }));
    }
    const results = await Promise.all(pending);
    const latencies = results.filter((result) => typeof result === 'number');
    return { latencies, failures: results.filter((result) => typeof result === 'string') };
  },
});

function openAgent(): Agent & Disposable {
  const agent = new Agent({ keepAlive: true });
  return Object.assign(agent, {
    [Symbol.dispose]: () => {
      agent.destroy();
    },
  });
}

function post(url: string, body: string, options: RequestOptions): Promise<number | string> {
  const sentAt = performance.now();
  return new Promise((resolve) => {
    const sent = request(url, { ...options, method: 'POST' }, (response) => {
      response.resume().on('end', () => {
        const status = response.statusCode ?? 0;
        resolve(status === 200 ? performance.now() - sentAt : `status ${status}`);
      });
    });
    sent.on('error', (error) => {
      resolve(error.message);
    });
    sent.end(body);
  });
}

/** A recorded delivery under another number: every other one a comment, the rest labels. */
function make(kind: Volley['kind'], number: number): { event: string; body: string } {
  const isComment = kind === 'ignored' || number % 2 === 0;
  const payload = isComment ? read('issue_comment.created') : read('issues.labeled');
  payload.issue.number = number;
  if (payload.comment) {
    payload.comment.id = 5_000_000 + number;
    payload.comment.body = kind === 'ignored' ? 'Thanks, I will have a look.' : '/backend implement';
  }
  return { event: isComment ? 'issue_comment' : 'issues', body: JSON.stringify(payload) };
}

interface Recorded {
  readonly issue: { number: number };
  readonly comment?: { id: number; body: string };
}

function read(name: string): Recorded {
  const file = join(import.meta.dirname, `../../test/fixtures/deliveries/${name}.json`);
  return JSON.parse(readFileSync(file, 'utf8')) as Recorded; // ours, beside the code
}
