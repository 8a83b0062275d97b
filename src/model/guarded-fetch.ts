/** How long we wait for the API, in milliseconds. */
export interface Timeouts {
  /** Until the answer begins. */
  readonly answerMs: number;
  /** Between two pieces of an answer; the API sends pings in between, so silence means a dead connection. */
  readonly silenceMs: number;
  /** From its first byte to its last: pings alone are no answer. The longest answer we ask for takes less than half of the default. */
  readonly wholeMs: number;
}

export const defaultTimeouts: Timeouts = { answerMs: 600_000, silenceMs: 120_000, wholeMs: 3_600_000 };

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

/** `fetch` that sends only our own headers and key, and fails an answer that falls silent or never ends. */
export function guardedFetch(timeouts: Timeouts, apiKey: string): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, { ...init, headers: cleanHeaders(new Headers(init?.headers), apiKey) });
    if (response.body === null) return response;
    const { status, statusText, headers } = response;
    return new Response(endingInTime(response.body, timeouts), { status, statusText, headers });
  };
}

function cleanHeaders(headers: Headers, apiKey: string): Headers {
  const kept = [...headers].filter(([name]) => ownHeaders.includes(name) || name.startsWith('x-stainless-'));
  return new Headers([...kept, ['authorization', `Bearer ${apiKey}`]]);
}

/** The same bytes; an error when nothing comes for too long, or the end doesn't. */
function endingInTime(body: ReadableStream<Uint8Array>, { silenceMs, wholeMs }: Timeouts): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const endsAt = performance.now() + wholeMs;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { promise: tooLate, reject } = Promise.withResolvers<never>();
      const left = endsAt - performance.now();
      const timer = setTimeout(
        () => {
          reject(new Error(`The answer fell silent for ${silenceMs} ms, or was not whole after ${wholeMs} ms.`));
        },
        Math.min(silenceMs, left),
      );
      try {
        const { done, value } = await Promise.race(left > 0 ? [reader.read(), tooLate] : [tooLate]);
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
