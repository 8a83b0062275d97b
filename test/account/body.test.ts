import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findTemplate, mergeBody, startBody, type Section } from '../../src/account/body.ts';
import { cutMarkdown, fenced } from '../../src/markdown/text.ts';

const sections: readonly Section[] = [
  { name: 'unfinished', content: '' },
  { name: 'summary', heading: 'Summary', alsoCalled: 'description|what', content: 'what' },
  { name: 'tests', heading: 'Tests', content: 'proofs' },
  { name: 'closes', content: 'Closes #1' },
];
const block = (name: string, content: string) =>
  `<!-- backend:begin ${name} -->\n${content}\n<!-- backend:end ${name} -->`;

describe('mergeBody', () => {
  it('starts with every section that has something to say, in order', () => {
    expect(mergeBody('', sections)).toBe(
      `## Summary\n${block('summary', 'what')}\n\n## Tests\n${block('tests', 'proofs')}\n\n${block('closes', 'Closes #1')}`,
    );
  });

  it('replaces what is between markers and keeps the rest to the letter', () => {
    const body = `hello\r\n${block('summary', 'old')}\r\n- [x] mine\r\n${block('tests', 'old')} tail`;
    expect(mergeBody(body, sections)).toBe(
      `hello\r\n${block('summary', 'what')}\r\n- [x] mine\r\n${block('tests', 'proofs')}\n\n${block('closes', 'Closes #1')} tail`,
    );
  });

  it('adds a section that was missing after the one before it, and empties one that has nothing more to say', () => {
    const body = `${block('unfinished', 'Not finished')}\n\n${block('closes', 'Closes #1')}\nbye`;
    expect(mergeBody(body, sections)).toBe(
      `${block('unfinished', '')}\n\n## Summary\n${block('summary', 'what')}\n\n## Tests\n${block('tests', 'proofs')}\n\n${block('closes', 'Closes #1')}\nbye`,
    );
  });

  it('puts everything on top of a body that people emptied of it', () => {
    const [first, ...rest] = sections;
    const merged = mergeBody('Their text', [{ ...first, name: 'unfinished', content: '> left' }, ...rest]);
    expect(merged.startsWith(`${block('unfinished', '> left')}\n\n## Summary\n`)).toBe(true);
    expect(merged.endsWith('Their text')).toBe(true);
  });

  it('lets no content end its own section', () => {
    const evil = [{ name: 'summary', content: `x ${block('summary', 'y')} <!--backend:end summary -->` }];
    const body = mergeBody('', evil);
    expect(mergeBody(body, [{ name: 'summary', content: 'clean' }])).toBe(block('summary', 'clean'));
  });

  it('keeps people’s text and changes nothing the second time, whatever the text', () => {
    const human = fc.array(
      fc.constantFrom('a', '\r\n', '\n', '## Summary\n', '`', '<!-- note -->', '@me', '# ', '```\n'),
      { maxLength: 12 },
    );
    const content = fc.array(fc.constantFrom('x', '\n', '<!-- backend:end tests -->', '```', 'Closes #2'), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(fc.tuple(human, human, human), fc.tuple(content, content), ([a, b, c], [one, two]) => {
        const [before, between, after] = [a.join(''), b.join(''), c.join('')];
        const existing = `${before}${block('summary', 'old')}${between}${block('tests', 'old')}${after}`;
        const ours = [
          { name: 'summary', content: one.join('') },
          { name: 'tests', content: two.join('') },
        ];
        const merged = mergeBody(existing, ours);
        const outside = merged.split(/<!-- backend:begin \w+ -->\n[^]*?\n<!-- backend:end \w+ -->/);
        expect(outside).toEqual([before, between, after]);
        expect(mergeBody(merged, ours)).toBe(merged);
      }),
    );
  });
});

describe('a template', () => {
  it('is filled below headings that mean the same, outside of code and comments, once each; the rest follows', () => {
    const template = '<!--\n## Summary\n-->\n```\n## Tests\n```\n# Description ##\nplease\n## Description\n## Mine\n';
    const [first, ...rest] = sections;
    expect(startBody(template, [{ ...first, name: 'unfinished', content: '> left' }, ...rest])).toBe(
      [
        `${block('unfinished', '> left')}\n`,
        '<!--\n## Summary\n-->\n```\n## Tests\n```\n# Description ##',
        block('summary', 'what'),
        'please\n## Description\n## Mine\n',
        `## Tests\n${block('tests', 'proofs')}\n`,
        block('closes', 'Closes #1'),
      ].join('\n'),
    );
  });

  it('cannot bring markers of ours', () => {
    expect(startBody(block('closes', 'Closes #666'), [])).not.toContain('<!-- backend:');
  });

  it('is merged with the same sections without a change', () => {
    const body = startBody('# Description\n\n## Mine\n', sections);
    expect(mergeBody(body, sections)).toBe(body);
    expect(startBody('', sections)).toBe(mergeBody('', sections));
  });

  it.each([
    [
      'in .github before the root',
      ['PULL_REQUEST_TEMPLATE.md', '.github/pull_request_template.md'],
      '.github/pull_request_template.md',
    ],
    ['in any case', ['Pull_Request_Template.MD', 'src/a'], 'Pull_Request_Template.MD'],
    ['in docs', ['docs/pull_request_template.txt'], 'docs/pull_request_template.txt'],
    [
      'the first of a folder',
      ['.github/PULL_REQUEST_TEMPLATE/b.md', '.github/PULL_REQUEST_TEMPLATE/a.md'],
      '.github/PULL_REQUEST_TEMPLATE/a.md',
    ],
    ['nowhere else', ['src/pull_request_template.md', '.github/pull_request_template.md.bak'], undefined],
  ])('is found %s', (_, paths, found) => {
    expect(findTemplate(paths)).toBe(found);
  });
});

describe('text', () => {
  it('is cut at a line end and closes the code block that it cut', () => {
    const cut = cutMarkdown(`words\n\`\`\`\`js\n${'code\n'.repeat(100)}\`\`\`\``, 200);
    expect(cut.length).toBeLessThanOrEqual(200);
    expect(cut).toMatch(/code\n````\n\n… \(shortened\)$/);
  });

  it('of one endless line is cut before a code span', () => {
    expect(cutMarkdown(`${'a'.repeat(100)} \`${'b'.repeat(500)}\``, 300)).toBe(`${'a'.repeat(100)} \n\n… (shortened)`);
  });

  it('cannot end its fence', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('`', '```', '\n', 'a', '````')), (parts) => {
        const [fence = '', ...lines] = fenced(parts.join('')).split('\n');
        expect(lines.indexOf(fence)).toBe(lines.length - 1);
      }),
    );
  });
});
