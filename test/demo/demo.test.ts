import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { stripVTControlCharacters, promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { expect, it } from 'vitest';
import { openStage } from './stage.ts';

const run = promisify(execFile);
const main = join(import.meta.dirname, 'main.ts');

it('ends on the terminal with a proved pull request, and says first whose work it is', async () => {
  const { stdout } = await run(process.execPath, [main, '--ci'], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], NODE_ENV: 'test' },
  });
  const text = stripVTControlCharacters(stdout);
  expect(text).toMatch(/^This is a rehearsal: no ANTHROPIC_API_KEY is set/);
  for (const shown of [
    '▸ verify',
    '✗ verify: test',
    '✓ verify: test',
    'Verified',
    '## Evidence',
    '+++ b/src/pagination.js',
  ])
    expect(text).toContain(shown);
  expect(text).toMatch(/Pull request {2}http:\/\/127\.0\.0\.1:\d+\/acme\/orders\/pull\/2\n$/);
});

it('refuses an option it does not have', async () => {
  await expect(run(process.execPath, [main, '--kepe'])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--keep') as string,
  });
});

it('lets a person open an issue on the page, watch it, and read the pull request', async () => {
  await using stage = await openStage('rehearsed');
  await using browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'],
  });
  const page = await browser.newPage();
  await page.goto(`${stage.github.url}/acme/orders`);
  await page.getByPlaceholder('Title').fill(stage.fixture.task.title);
  await page.getByPlaceholder('What is wanted').fill(stage.fixture.task.body);
  await page.getByRole('button', { name: 'Open it' }).click();
  await page.getByText('pull request #2 (a draft)').waitFor({ timeout: 60_000 });
  await page.getByRole('link', { name: 'follow it live' }).click();
  await page.getByRole('link', { name: 'Pull request #2' }).click();
  expect(await page.locator('h1').textContent()).toContain('Add pagination to GET /orders');
  expect(await page.getByText('Verified', { exact: true }).count()).toBe(1);
  expect(await page.locator('.diff').textContent()).toContain('+export function takePage');

  await page.getByRole('link', { name: 'Comment' }).click();
  await page.getByPlaceholder('/backend help').fill('/backend explain how a page is taken');
  await page.getByRole('button', { name: 'Comment' }).click();
  const answered = () => stage.repository.comments(2).some(({ body }) => body.includes('this is a rehearsal'));
  await expect.poll(answered, { timeout: 30_000 }).toBe(true);
  await page.reload();
  expect(await page.getByText('this is a rehearsal').count()).toBe(1);
});
