import { setImmediate as nextTurn } from 'node:timers/promises';
import Anthropic from '@anthropic-ai/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cut, startGitHub } from './github/index.ts';
import type { GitHubStandIn, RepositoryHandle } from './github/index.ts';
import { installationOctokit } from './github/octokit.ts';
import { cutConnection, startModel, text } from './model/index.ts';
import { plain, post } from './model/wire.ts';

const inShop = { owner: 'acme', repo: 'shop', issue_number: 1 };

let github: GitHubStandIn;
let shop: RepositoryHandle;

beforeEach(async () => {
  github = await startGitHub();
  shop = await github.createRepository({ owner: 'acme', name: 'shop', collaborators: { ann: 'write' } });
  await github.openIssue(shop, { title: 'Broken', by: 'ann' });
});

afterEach(async () => {
  expect(github.violations).toEqual([]);
  await github[Symbol.asyncDispose]();
});

function comment(body: string) {
  return installationOctokit(github, shop).issues.createComment({ ...inShop, body });
}

describe('a hook of the GitHub stand-in', () => {
  it('is awaited before anything happens and again before the answer leaves', async () => {
    const seen: unknown[] = [];
    github.intercept(async ({ route, actor, result, status, userAgent }, phase) => {
      if (route?.endsWith('/comments') !== true) return;
      await nextTurn();
      seen.push({ phase, actor, result, status, comments: shop.comments(1).length });
      expect(userAgent).toContain('octokit');
    });
    await comment('hello');
    const actor = 'backend-developer[bot]';
    expect(seen).toEqual([
      { phase: 'before', actor, result: 0, status: 0, comments: 0 },
      { phase: 'after', actor, result: 201, status: 0, comments: 1 },
    ]);
    expect(github.history.at(-1)).toMatchObject({ result: 201, status: 201 });
  });

  it.each([
    ['before', [], 0],
    ['after', ['hello'], 201],
  ] as const)('cuts the connection %s the effect', async (when, left, result) => {
    const end = github.intercept(({ path }, phase) => {
      if (path.endsWith('/comments') && phase === when) throw cut;
    });
    await expect(comment('hello')).rejects.toThrow();
    expect(shop.comments(1).map((each) => each.body)).toEqual(left);
    expect(github.history.at(-1)).toMatchObject({ result, status: 0 });
    end();
    expect((await comment('again')).status).toBe(201);
  });

  it('may plant a fault for the very call', async () => {
    github.intercept((call, phase) => {
      if (phase === 'before' && call.path.endsWith('/comments'))
        github.plantFault({ path: call.path, then: 'lose-reply', how: '502' });
    });
    await expect(comment('kept')).rejects.toMatchObject({ status: 502 });
    expect(shop.comments(1)).toMatchObject([{ body: 'kept' }]);
  });

  it('hears of git as well', async () => {
    const seen: string[] = [];
    github.intercept(({ kind, path }, phase) => {
      seen.push(`${kind} ${path} ${phase}`);
      if (phase === 'after') throw cut;
    });
    await expect(fetch(`${github.url}/acme/shop.git/info/refs?service=git-upload-pack`)).rejects.toThrow();
    expect(seen).toEqual(['git /acme/shop.git/info/refs before', 'git /acme/shop.git/info/refs after']);
  });

  it('that throws anything else is a mistake that fails the test', async () => {
    await using other = await startGitHub();
    other.intercept(() => {
      throw new Error('not on purpose');
    });
    await expect(fetch(`${other.apiUrl}/app`)).rejects.toThrow();
    expect(other.violations).toEqual(['Error: not on purpose']);
  });
});

const question = {
  model: 'claude-sonnet-5',
  max_tokens: 1_000,
  messages: [{ role: 'user' as const, content: 'Hello' }],
};

describe('a hook of the model stand-in', () => {
  it('is awaited before, in the middle of and at the end of a streamed answer, which is whole only afterwards', async () => {
    await using model = await startModel(() => text('0123456789'.repeat(20)));
    const stream = new Anthropic({ baseURL: model.url, apiKey: model.apiKey }).messages.stream(question);
    const seen: string[] = [];
    let said = '';
    let isWhole = false;
    stream.on('text', (part) => (said += part));
    model.intercept(async (request, phase) => {
      expect(request.turn).toBe(1);
      if (phase !== 'before') await expect.poll(() => said.length).toBeGreaterThan(phase === 'after' ? 199 : 0);
      await nextTurn();
      seen.push(`${phase}: ${said.length}${isWhole ? ' whole' : ''}`);
    });
    await stream.finalMessage().then(() => (isWhole = true));
    expect(seen).toMatchObject(['before: 0', expect.stringMatching(/^midstream: \d+$/), 'after: 200']);
    expect(seen[1]).not.toMatch(/: (0|200)$/);
  });

  it.each(['before', 'midstream', 'after'] as const)('cuts the connection (%s)', async (when) => {
    await using model = await startModel(() => text('Good morning, everybody'));
    const client = new Anthropic({ baseURL: model.url, apiKey: model.apiKey, maxRetries: 0 });
    const end = model.intercept((_request, phase) => {
      if (phase === when) throw cutConnection;
    });
    await expect(client.messages.stream(question).finalMessage()).rejects.toThrow();
    end();
    const answer = await client.messages.stream(question).finalMessage();
    expect(answer.content).toMatchObject([{ type: 'text', text: 'Good morning, everybody' }]);
  });

  it('may choose after how many bytes', async () => {
    await using model = await startModel(() => text('Good morning'));
    const isRead = Promise.withResolvers<undefined>();
    model.intercept((_request, phase) => (phase === 'midstream' ? isRead.promise : undefined), { afterBytes: 20 });
    const { body } = await post(model, { ...plain, stream: true });
    const reader = body?.getReader();
    const first = await reader?.read();
    expect(Buffer.from(first?.value ?? '').toString()).toBe('event: message_start');
    isRead.resolve(undefined);
    const second = await reader?.read();
    expect(Buffer.from(second?.value ?? '').toString()).toMatch(/^\ndata: /);
  });
});
