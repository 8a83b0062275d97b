/** How long we wait for the API, in milliseconds. */
export interface Timeouts {
  /** Until the answer begins. */
  readonly answerMs: number;
  /** Between two pieces of an answer; the API sends pings in between, so silence means a dead connection. */
  readonly silenceMs: number;
}

export const defaultTimeouts: Timeouts = { answerMs: 600_000, silenceMs: 120_000 };

/** The headers the SDK sets itself. Anything else came from the environment. */
const ownHeaders: readonly string[] = [
  'accept',
  'anthropic-beta',
  'anthropic-version',
  'baggage',
  'content-type',
  'idempotency-key',
  'traceparent',
  'tracestate',
  'user-agent',
];

/** `fetch` that sends only our own headers and key, and fails an answer that falls silent. */
export function guardedFetch(silenceMs: number, apiKey: string): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, { ...init, headers: cleanHeaders(new Headers(init?.headers), apiKey) });
    if (response.body === null) return response;
    const { status, statusText, headers } = response;
    return new Response(breakingSilence(response.body, silenceMs), { status, statusText, headers });
  };
}

function cleanHeaders(headers: Headers, apiKey: string): Headers {
  const kept = [...headers].filter(([name]) => ownHeaders.includes(name) || name.startsWith('x-stainless-'));
  return new Headers([...kept, ['authorization', `Bearer ${apiKey}`]]);
}

/** The same bytes; an error when nothing comes for that long. */
function breakingSilence(body: ReadableStream<Uint8Array>, silenceMs: number): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { promise: silence, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => {
        reject(new Error(`The answer fell silent for ${silenceMs} ms.`));
      }, silenceMs);
      try {
        const { done, value } = await Promise.race([reader.read(), silence]);
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        controller.error(error);
        await reader.cancel(error).catch(ignore);
      } finally {
        clearTimeout(timer);
      }
    },
    cancel(reason) {
      return reader.cancel(reason);
    },
  });
}

/** A connection that is already broken can't be cancelled; that it is gone is all we want. */
function ignore(): undefined {
  return undefined;
}
