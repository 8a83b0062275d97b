import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { startModel, text } from '../stand-ins/model/index.ts';

const run = promisify(execFile);

it('takes nothing from the environment: no key, address, header, log level or tracing of content', async () => {
  await using other = await startModel([text('from the wrong place')]);
  await using standIn = await startModel([text('from the right place')]);
  const env = {
    PATH: process.env['PATH'],
    ANTHROPIC_API_KEY: other.apiKey,
    ANTHROPIC_AUTH_TOKEN: 'token-of-the-environment',
    ANTHROPIC_BASE_URL: other.url,
    ANTHROPIC_CUSTOM_HEADERS: 'X-Planted: yes\nAuthorization: Bearer planted\nUser-Agent: planted',
    ANTHROPIC_LOG: 'debug',
    ANTHROPIC_WEBHOOK_SIGNING_KEY: 'planted',
    ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE: 'content',
  };
  const program = new URL('ask-once.ts', import.meta.url).pathname;
  const { stdout, stderr } = await run(process.execPath, [program, standIn.url, standIn.apiKey], { env });
  expect(JSON.parse(stdout)).toMatchObject([{ text: 'from the right place' }]);
  expect(stderr).not.toContain(standIn.apiKey);
  expect(stderr).not.toContain('Hello');
  expect(other.requests).toEqual([]);
  const headers = standIn.requests[0]?.headers ?? {};
  expect(headers).toMatchObject({ authorization: `Bearer ${standIn.apiKey}`, 'user-agent': 'backend-developer' });
  expect(headers).not.toHaveProperty('x-planted');
  expect(JSON.stringify(headers)).not.toContain('planted');
});
