import { html, raw } from 'hono/html';

/** A page of ours. `script` runs under a nonce; nothing else may, whatever ends up in the text. */
export function layout(page: { title: string; body: unknown; nonce: string; script?: string }) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${page.title} · Backend Developer</title>
        <style nonce="${page.nonce}">
          ${raw(style)}
        </style>
      </head>
      <body>
        <header><a href="/">Backend Developer</a></header>
        <main>${page.body}</main>
        ${
          page.script
            ? html`<script nonce="${page.nonce}">
                ${raw(page.script)};
              </script>`
            : ''
        }
      </body>
    </html>`;
}

const style = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); --quiet: color-mix(in srgb, currentColor 62%, transparent); --good: #1a7f37; --bad: #cf222e; --accent: #0969da; }
@media (prefers-color-scheme: dark) { :root { --good: #3fb950; --bad: #f85149; --accent: #58a6ff; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0; }
header { padding: .8rem 1.2rem; border-bottom: 1px solid var(--line); font-weight: 600; }
header a { color: inherit; text-decoration: none; }
main { max-width: 62rem; margin: 0 auto; padding: 1.2rem; }
h1 { font-size: 1.35rem; margin: .2rem 0 1rem; } h2 { font-size: 1.05rem; margin: 1.6rem 0 .5rem; }
a { color: var(--accent); } .quiet { color: var(--quiet); }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
.steps { list-style: none; display: flex; flex-wrap: wrap; gap: .4rem; padding: 0; }
.steps li { border: 1px solid var(--line); border-radius: 1rem; padding: .1rem .7rem; color: var(--quiet); }
.steps .done { color: var(--good); border-color: var(--good); } .steps .now { color: inherit; border-color: var(--accent); font-weight: 600; }
.log { list-style: none; padding: 0; margin: 0; font: 13px/1.5 ui-monospace, monospace; } .log li { padding: .15rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
.log .turn { color: var(--quiet); margin-right: .6rem; } .log .bad { color: var(--bad); } .log .good { color: var(--good); }
.outcome { border-left: 4px solid var(--accent); padding: .5rem .9rem; margin: 1rem 0; background: color-mix(in srgb, currentColor 5%, transparent); }
`;
