import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { html, raw } from 'hono/html';
import { marked } from 'marked';
import type { PullView, RepositoryHandle } from '../stand-ins/github/index.ts';

export interface GitHubPagesOptions {
  readonly repository: RepositoryHandle;
  /** Opens an issue with the label that starts work. */
  readonly ask: (title: string, body: string) => Promise<{ readonly number: number }>;
  /** Comments on an issue or a pull request. */
  readonly say: (number: number, text: string) => Promise<unknown>;
  /** The app's own live page. */
  readonly liveUrl: string;
}

/** The pages a person would open on GitHub: the list, an issue with its thread, a pull request with its difference. */
export function createGitHubPages({ repository, ask, say, liveUrl }: GitHubPagesOptions) {
  const home = `/${repository.owner}/${repository.name}`;
  const app = new Hono();
  app.get('/', (context) => context.redirect(home));
  app.get(home, (context) => context.html(page(repository.name, list(repository, home, liveUrl))));
  app.get(`${home}/issues/:number`, (context) => {
    const issue = repository.issue(Number(context.req.param('number')));
    if (!issue) return context.notFound();
    return context.html(page(issue.title, thread(issue, repository, home), 'live'));
  });
  app.get(`${home}/pull/:number`, async (context) => {
    const pull = repository.pull(Number(context.req.param('number')));
    if (!pull) return context.notFound();
    return context.html(page(pull.title, await pullPage(pull, repository, home)));
  });
  app.post(`${home}/issues`, async (context) => {
    const form = await context.req.parseBody();
    const issue = await ask(textOf(form['title']), textOf(form['body']));
    return context.redirect(`${home}/issues/${issue.number}`);
  });
  app.get(`${home}/issues/:number/comment`, (context) => {
    const issue = repository.issue(Number(context.req.param('number')));
    return issue ? context.html(page(issue.title, commentForm(issue, home))) : context.notFound();
  });
  app.post(`${home}/issues/:number/comment`, async (context) => {
    const issue = repository.issue(Number(context.req.param('number')));
    const text = textOf((await context.req.parseBody())['body']);
    if (!issue || text.trim() === '') return context.notFound();
    await say(issue.number, text);
    return context.redirect(`${home}/${issue.isPull ? 'pull' : 'issues'}/${issue.number}`);
  });
  app.notFound((context) => context.text('There is nothing here.\n', 404));
  const listener = getRequestListener(app.fetch);
  return (request: IncomingMessage, response: ServerResponse): void => void listener(request, response);
}

/** On a page of its own: one that loads itself anew would take away what is typed. */
function commentForm({ number, title }: { number: number; title: string }, home: string): Html {
  return html`<h1>${title} <span class="quiet">#${number}</span></h1>
    <form method="post" action="${home}/issues/${number}/comment">
      <textarea name="body" rows="6" required placeholder="/backend help"></textarea>
      <button>Comment</button>
    </form>`;
}

/** A form's field; a file that somebody sent instead is no text. */
function textOf(field: unknown): string {
  return typeof field === 'string' ? field : '';
}

type Html = ReturnType<typeof html>;

function list(repository: RepositoryHandle, home: string, liveUrl: string): Html {
  const rows = [...repository.issues()].sort((a, b) => b.number - a.number); // pull requests are issues, too
  return html`<h1>${repository.owner}/${repository.name}</h1>
    <p class="quiet">A stand-in for GitHub on your machine. <a href="${liveUrl}">Watch the app work</a>.</p>
    <ul class="rows">
      ${rows.map(
        (row) =>
          html`<li>
            <a href="${home}/${row.isPull ? 'pull' : 'issues'}/${row.number}">${row.title}</a>
            <span class="quiet">#${row.number} ${row.isPull ? 'pull request' : 'issue'} by ${row.author}</span>
            ${row.labels.map((label) => html`<b class="label">${label}</b>`)}
          </li>`,
      )}
    </ul>
    <form method="post" action="${home}/issues">
      <h2>Open an issue, labelled <b class="label">backend</b></h2>
      <input name="title" required placeholder="Title" /><textarea
        name="body"
        rows="6"
        placeholder="What is wanted"
      ></textarea>
      <button>Open it</button>
    </form>`;
}

function thread(
  issue: { number: number; title: string; body: string; author: string; labels: readonly string[] },
  repository: RepositoryHandle,
  home: string,
): Html {
  const seen = repository.reactions(issue.number).map(({ content }) => (content === 'eyes' ? '👀' : content));
  return html`<p><a href="${home}">${repository.owner}/${repository.name}</a></p>
    <h1>
      ${issue.title}
      <span class="quiet">#${issue.number}</span> ${issue.labels.map((label) => html`<b class="label">${label}</b>`)}
    </h1>
    ${box(issue.author, issue.body)}
    <p>${seen.join(' ')}</p>
    ${talk(issue.number, repository, home)}`;
}

function talk(number: number, repository: RepositoryHandle, home: string): Html {
  return html`${repository.comments(number).map(({ author, body }) => box(author, body))}
    <p><a href="${home}/issues/${number}/comment">Comment</a></p>`;
}

async function pullPage(pull: PullView, repository: RepositoryHandle, home: string): Promise<Html> {
  const [commits, difference] = await Promise.all([
    repository.commits(`${pull.baseSha}..${pull.headSha}`),
    repository.diff(pull.baseSha, pull.headSha),
  ]);
  return html`<p><a href="${home}">${repository.owner}/${repository.name}</a></p>
    <h1>${pull.title} <span class="quiet">#${pull.number}</span></h1>
    <p>
      <b class="label">${pull.draft ? 'Draft' : 'Open'}</b> ${pull.author} wants to merge <code>${pull.head}</code> into
      <code>${pull.base}</code>
    </p>
    ${box(pull.author, pull.body)} ${talk(pull.number, repository, home)}
    <h2>Checks</h2>
    <ul>
      ${repository.checkRuns(pull.headSha).map(({ name, conclusion, title }) => html`<li>${conclusion === 'success' ? '✓' : '✗'} <b>${name}</b>: ${title}</li>`)}
    </ul>
    <h2>Commits</h2>
    <ul>
      ${commits.map(({ sha, message, verified }) => html`<li><code>${sha.slice(0, 7)}</code> ${message.split('\n')[0]} ${verified ? html`<b class="label good">Verified</b>` : ''}</li>`)}
    </ul>
    <h2>Files changed</h2>
    <pre class="diff">${difference.split('\n').map(diffLine)}</pre>`;
}

function diffLine(line: string): Html {
  const kind = /^(\+\+\+|---|diff|index|new file|deleted)/.test(line)
    ? 'head'
    : line.startsWith('+')
      ? 'plus'
      : line.startsWith('-')
        ? 'minus'
        : line.startsWith('@@')
          ? 'head'
          : '';
  return html`<span class="${kind}">${line}</span> `;
}

function box(author: string, markdown: string): Html {
  return html`<article>
    <header>${author}</header>
    <div>${raw(marked.parse(markdown, { async: false, gfm: true }))}</div>
  </article>`;
}

/** No script runs and nothing is loaded, whatever an issue or the model wrote. A page that is `live` loads itself anew. */
function page(title: string, body: Html, live?: 'live'): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>${title}</title>
        <meta
          http-equiv="content-security-policy"
          content="default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"
        />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        ${live ? html`<meta http-equiv="refresh" content="3" />` : ''}
        <style>
          ${raw(style)}
        </style>
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html>`;
}

const style = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 20%, transparent); }
body { font: 15px/1.55 system-ui, sans-serif; margin: 0; } main { max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.5rem; } .quiet { opacity: .65; font-weight: normal; } a { color: #0969da; } @media (prefers-color-scheme: dark) { a { color: #58a6ff; } }
article { border: 1px solid var(--line); border-radius: 8px; margin: 1rem 0; } article > header { padding: .5rem 1rem; border-bottom: 1px solid var(--line); font-weight: 600; background: color-mix(in srgb, currentColor 5%, transparent); } article > div { padding: .2rem 1rem .8rem; }
table { border-collapse: collapse; } th, td { border: 1px solid var(--line); padding: .3rem .7rem; text-align: left; }
code, pre { font: 13px/1.5 ui-monospace, monospace; } code { background: color-mix(in srgb, currentColor 8%, transparent); padding: .1rem .3rem; border-radius: 4px; }
pre { overflow-x: auto; padding: .8rem; border: 1px solid var(--line); border-radius: 8px; } pre code { background: none; padding: 0; }
.label { font-size: .75rem; border: 1px solid var(--line); border-radius: 1rem; padding: .1rem .6rem; font-weight: 600; } .good { color: #1a7f37; border-color: #1a7f37; }
.diff .plus { background: rgb(46 160 67 / .18); } .diff .minus { background: rgb(248 81 73 / .18); } .diff .head { opacity: .65; } .diff span { display: inline-block; min-width: 100%; }
.rows { list-style: none; padding: 0; } .rows li { padding: .5rem 0; border-bottom: 1px solid var(--line); }
li:has(> input) { list-style: none; margin-left: -1.3rem; }
form { border-top: 1px solid var(--line); margin-top: 2rem; } form input, form textarea { display: block; width: 100%; font: inherit; padding: .5rem; margin: .5rem 0; box-sizing: border-box; } button { font: inherit; padding: .4rem 1rem; }
`;
