import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono, type Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { Progress } from '../domain/index.ts';
import type { Store } from '../store/index.ts';
import { layout } from './layout.ts';
import { runList, runPage } from './run-page.ts';

export interface PagesOptions {
  readonly store: Pick<Store, 'runs' | 'run' | 'transcript'>;
  /** Calls back on every report until the returned function is called. */
  readonly watch: (listener: (progress: Progress) => void) => () => void;
}

/**
 * Pages that show the runs of this process, live. They have no sign-in: mount them only where everybody who reaches the port may
 * read every repository.
 */
export function createPages(options: PagesOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const app = new Hono();
  app.get('/', async (context) => page(context, { title: 'Runs', body: runList(await options.store.runs(100)) }));
  app.get('/runs/:id', async (context) => {
    const id = context.req.param('id');
    const run = await options.store.run(id);
    if (!run) return context.notFound();
    return page(context, {
      title: `#${run.subjectNumber}`,
      body: runPage(run, await options.store.transcript(id)),
      script: liveScript,
    });
  });
  app.get('/runs/:id/events', (context) => streamProgress(context, options));
  app.notFound((context) => context.text('There is nothing here.\n', 404));
  const listener = getRequestListener(app.fetch);
  return (request, response) => {
    void listener(request, response);
  };
}

async function page(context: Context, content: { title: string; body: unknown; script?: string }) {
  const nonce = randomBytes(16).toString('base64');
  context.header(
    'content-security-policy',
    `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; connect-src 'self'`,
  );
  context.header('x-content-type-options', 'nosniff');
  return context.html(await layout({ ...content, nonce }));
}

/** Server-sent events: one JSON `Progress` each, of this run only, until the reader goes. */
function streamProgress(context: Context, { watch }: PagesOptions) {
  const id = context.req.param('id');
  return streamSSE(context, async (stream) => {
    const stop = watch((progress) => {
      if (progress.jobId === id) void stream.writeSSE({ data: JSON.stringify(progress) });
    });
    await new Promise<void>((resolve) => {
      stream.onAbort(resolve);
    });
    stop();
  });
}

/** Appends what happens to the log as text nodes, and loads the page anew when the step or the outcome changes. */
const liveScript = `
const log = document.getElementById('log');
const add = (label, text, mood) => { const item = document.createElement('li'); const tag = document.createElement('span'); tag.className = 'turn'; tag.textContent = label; item.append(tag, text); if (mood) item.className = mood; log.append(item); item.scrollIntoView({ block: 'nearest' }); };
new EventSource(location.pathname + '/events').onmessage = ({ data }) => {
  const event = JSON.parse(data);
  if (event.type === 'tool') add(event.tool, event.about);
  else if (event.type === 'text') add('says', event.text);
  else if (event.type === 'check') add(event.phase, event.name + (event.passed ? ' passed' : ' failed') + ' in ' + (event.durationMs / 1000).toFixed(1) + ' s', event.passed ? 'good' : 'bad');
  else if (event.type === 'turn') document.getElementById('usd').textContent = '$' + event.usd.toFixed(2);
  else if (event.type === 'step' || event.type === 'outcome') location.reload();
};
`;
