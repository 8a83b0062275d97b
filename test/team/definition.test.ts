import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadDefinition, loadKnowledge } from '../../src/team/index.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agents-'));
  await mkdir(join(folder, 'knowledge'));
});
afterEach(() => rm(folder, { recursive: true }));

function agent(fields: string, body = 'You help.'): string {
  return `---\n${fields}\n---\n\n${body}\n`;
}

const good = 'name: helper\ndescription: "Helps"';

describe('a definition', () => {
  it('is front matter and a system prompt', async () => {
    await writeFile(
      join(folder, 'helper.md'),
      agent(`${good}\ntools: Read, Grep\nmodel: opus\ncolor: blue`, '# You\n\n---\n\nhelp'),
    );
    expect(await loadDefinition(folder, 'helper')).toEqual({
      name: 'helper',
      description: 'Helps',
      tools: ['Read', 'Grep'],
      model: 'opus',
      prompt: '# You\n\n---\n\nhelp',
    });
  });

  it.each([
    ['tools and model left out', agent(good)],
    ['tools as a list, model inherited', agent(`${good}\ntools: [Bash, Read, Write, Edit, Grep]\nmodel: inherit`)],
    ['line ends and a byte order mark of Windows', `\uFEFF${agent(good).replaceAll('\n', '\r\n')}`],
  ])('gets the usual ones: %s', async (_, text) => {
    await writeFile(join(folder, 'helper.md'), text);
    const definition = await loadDefinition(folder, 'helper');
    expect(definition).toMatchObject({
      tools: ['Bash', 'Read', 'Write', 'Edit', 'Grep'],
      model: 'sonnet',
      prompt: 'You help.',
    });
  });

  it.each([
    ['no front matter', 'You help.', 'line 1: the file has to begin with a line ---'],
    ['front matter that never ends', '---\nname: helper\n', 'line 3: the front matter is never closed'],
    ['broken YAML', agent('name: helper\ndescription: "Helps'), 'line 3: the front matter is not YAML'],
    ['another name', agent('description: Helps\nname: other'), 'line 3: name is "other"; it has to be helper'],
    ['no description', agent('name: helper'), 'line 1: description is missing'],
    [
      'an unknown tool',
      agent(`${good}\ntools: Read, WebFetch`),
      'line 4: tools names "WebFetch", which there is not; the tools are Bash,',
    ],
    ['a model that is no name', agent(`${good}\nmodel: [a]`), 'line 4: model has to be a model id or alias'],
    ['a list instead of fields', agent('- a'), 'line 1: the front matter'],
    ['no body', agent(good, ''), 'the body is empty'],
  ])('is refused, naming file, line and what is right: %s', async (_, text, message) => {
    await writeFile(join(folder, 'helper.md'), text);
    const refused = expect(loadDefinition(folder, 'helper')).rejects;
    await refused.toMatchObject({ code: 'agent-invalid' });
    await expect(loadDefinition(folder, 'helper')).rejects.toThrow(
      `${join(folder, 'helper.md')}, ${message.includes('line') ? message : ''}`,
    );
    await expect(loadDefinition(folder, 'helper')).rejects.toThrow(message);
  });

  it.each([
    ['no file', async () => undefined, "doesn't exist"],
    ['a link', (path: string) => symlink('/etc/passwd', path), 'is a symbolic link'],
    ['a folder', (path: string) => mkdir(path), 'is not a regular file'],
    ['a file over 64 KiB', (path: string) => writeFile(path, 'x'.repeat(65_537)), 'is 65537 bytes long; at most 65536'],
    ['bytes that are not UTF-8', (path: string) => writeFile(path, Buffer.from([0xff, 0xfe])), 'is not UTF-8'],
  ])('has to be a readable file: %s', async (_, make, message) => {
    await make(join(folder, 'helper.md'));
    await expect(loadDefinition(folder, 'helper')).rejects.toThrow(message);
  });

  it.each(['../helper', 'Helper', '', 'a/b', '.'])('is never looked for outside the folder: %j', async (name) => {
    await expect(loadDefinition(folder, name)).rejects.toThrow("is no agent's name");
  });
});

describe('knowledge', () => {
  beforeEach(async () => {
    for (const name of ['python', 'fastapi', 'go'])
      await writeFile(join(folder, 'knowledge', `${name}.md`), `# ${name}\n`);
  });

  it('is that of the detected stacks only, in one order whatever the order asked for', async () => {
    expect(await loadKnowledge(folder, ['python', 'fastapi'])).toBe('# fastapi\n\n# python');
    expect(await loadKnowledge(folder, ['fastapi', 'python', 'fastapi'])).toBe('# fastapi\n\n# python');
  });

  it('is empty for a stack without a file, and for a name that is a path', async () => {
    expect(await loadKnowledge(folder, ['cobol', '../knowledge/go', ''])).toBe('');
  });
});
