import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Progress } from '../../src/domain/index.ts';
import { createProgressBus } from '../../src/progress.ts';
import type { JournalEntry, RunSummary } from '../../src/store/index.ts';
import { createPages, startServer, type HttpServer } from '../../src/web/index.ts';

const run: RunSummary = {
  jobId: '7297166c-cfbe-4d16-a1fb-f729f5952ea2',
  repository: 'acme/orders',
  subjectNumber: 7,
  verb: 'implement',
  state: 'running',
  step: 'implement',
  usd: 0.5,
  createdAt: '2026-11-23T10:00:00.000Z',
  updatedAt: '2026-11-23T10:01:00.000Z',
};
const hostile = '<img src=x onerror="document.title=`owned`"><script>document.title="owned"</script>';
const transcript: JournalEntry[] = [
  {
    seq: 1,
    kind: 'assistant',
    at: run.createdAt,
    data: {
      content: [
        { type: 'text', text: hostile },
        { type: 'tool_use', name: 'Bash', input: { command: 'npm test' } },
      ],
    },
  },
];

const bus = createProgressBus();
let shown: RunSummary = run;
let server: HttpServer;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  const store = {
    runs: async () => [shown],
    run: async (jobId: string) =>
      jobId === run.jobId ? { ...shown, job: { id: jobId, request: aRequest } } : undefined,
    transcript: async () => transcript,
  };
  server = await startServer({
    host: '127.0.0.1',
    port: 0,
    ready: async () => undefined,
    pages: createPages({ store, watch: (listener) => bus.watch(listener) }),
  });
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'],
  });
  page = await browser.newPage();
});
afterAll(async () => {
  await browser.close();
  await server[Symbol.asyncDispose]();
});

const aRequest = {
  verb: 'implement',
  said: 'implement',
  via: 'label',
  trigger: 'backend',
  repository: { id: 1, owner: 'acme', name: 'orders', installationId: 2 },
  subject: { kind: 'issue', number: 7 },
  sender: { id: 3, login: 'ada', type: 'User' },
  requestedAt: run.createdAt,
  seen: { title: 'Pages', body: '' },
  instruction: '',
  source: { type: 'issue' },
  intention: 'label:7',
  round: 0,
} as const;

it('lists the runs and leads to one', async () => {
  await page.goto(server.url);
  await page.getByRole('link', { name: 'acme/orders #7' }).click();
  expect(await page.locator('.steps .now').textContent()).toBe('implement');
  expect(await page.locator('.log').textContent()).toContain('npm test');
});

it('shows what a model wrote as text, never as markup', async () => {
  await page.goto(`${server.url}/runs/${run.jobId}`);
  expect(await page.locator('.log').textContent()).toContain(hostile);
  expect(await page.title()).not.toContain('owned');
  expect(await page.locator('.log img').count()).toBe(0);
});

it('shows progress as it happens, and loads itself anew at the outcome', async () => {
  const connected = page.waitForRequest((request) => request.url().endsWith('/events'));
  await page.goto(`${server.url}/runs/${run.jobId}`);
  await (await connected).response();
  const at = { jobId: run.jobId, at: run.updatedAt };
  const tell = (progress: Progress) => {
    bus.report(progress);
  };
  tell({ ...at, type: 'tool', turn: 2, tool: 'Edit', about: hostile });
  tell({ ...at, jobId: 'another', type: 'tool', turn: 2, tool: 'Edit', about: 'of another job' });
  tell({ ...at, type: 'turn', turn: 2, usd: 1.25 });
  await page.getByText(hostile).nth(1).waitFor();
  expect(await page.locator('#usd').textContent()).toBe('$1.25');
  expect(await page.locator('.log').textContent()).not.toContain('of another job');
  shown = {
    ...run,
    state: 'finished',
    outcome: { type: 'published', pullNumber: 8, url: 'http://127.0.0.1/pull/8', draft: true },
  };
  tell({ ...at, type: 'outcome', outcome: { type: 'answered' } });
  expect(await page.getByRole('link', { name: 'Pull request #8' }).getAttribute('href')).toBe(
    'http://127.0.0.1/pull/8',
  );
});

it.each(['/runs/none', '/nothing'])('has no page at %s', async (path) => {
  expect((await fetch(server.url + path)).status).toBe(404);
});
