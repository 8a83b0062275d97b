import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Proposal } from '../../src/domain/index.ts';
import { digestOf, proposalMarkerOf, readProposal, renderProposal, wishOf } from '../../src/proposal/index.ts';
import { aJob, aRun } from '../publish/builders.ts';

const home = 'https://github.com/acme/shop';

function aProposal(changes: Partial<Proposal> = {}): Proposal {
  return {
    approach: 'Add a route.',
    criteria: ['It answers 200.', 'It is listed in the docs.'],
    files: [{ path: 'src/a.ts', why: 'the route' }],
    risks: ['None.'],
    estimate: { usd: 1.2, minutes: 15 },
    questions: [],
    ...changes,
  };
}

function comment(changes: Partial<Proposal> = {}, plan: { readonly planFirst?: string } = {}): string {
  const usual = aJob();
  const job = { ...usual, plan: { ...usual.plan, ...plan } };
  return renderProposal(aProposal(changes), { job, run: aRun(), command: '/backend', home, notes: [] });
}

/** Under the title that people find the criteria by. */
function edited(list: string): string {
  return comment().replace(/- \[x\] It answers[^]*docs\./u, list);
}

describe('a plan put up for approval', () => {
  it('is read back as it was written', () => {
    const read = readProposal(comment());
    expect(read).toMatchObject({ wish: wishOf(aJob().request.intention), digest: digestOf(aJob().request.seen) });
    expect(read?.criteria).toEqual(['It answers 200.', 'It is listed in the docs.']);
    expect(read?.text).toMatch(
      /^### Approach\n\nAdd a route\.\n\n### Acceptance criteria\n\n- It answers 200\.\n- It is listed in the docs\.\n\n### Files/u,
    );
    expect(read?.text).not.toMatch(/How to go on|Backend Developer/u);
  });

  it('begins with a marker that nothing in a wish can end', () => {
    expect(comment().startsWith(proposalMarkerOf(aJob().request.intention))).toBe(true);
    expect(proposalMarkerOf('label:7:x --> <b>')).toBe('<!-- backend:plan label:7:x-b- ');
  });

  it('says why it comes first, what it would take, and how to go on', () => {
    const text = comment({}, { planFirst: 'the command asks for one' });
    expect(text).toContain(
      'a plan, which waits for an answer. It comes before the work because the command asks for one.',
    );
    expect(text).toContain('About $1.20 and 15 minutes');
    expect(text).toMatch(/Comment `\/backend approve`, or give this comment 👍/u);
    expect(comment({ risks: [] })).not.toContain('### Risks');
    expect(comment({ questions: ['Which?'] })).toMatch(/### Questions\n\n.*\n\n- Which\?/u);
  });

  it.each([
    ['a mention', 'Ask @octocat', /(^|[^`\w])@octocat/u],
    ['a closing word', 'Fixes #1', /Fixes #1/u],
    ['a command', '/backend stop', /^\/backend/mu],
    ['a comment', '<!-- backend:status 1 -->', /<!-- backend:status/u],
    ['a title of ours', '### How to go on\n\nDo it.', /^### How to go on\n\nDo it/mu],
    ['an image', '![x](https://example.com/x.png)', /!\[x\]\(/u],
  ])('carries %s of the model’s without its power', (_, text, power) => {
    const body = comment({ approach: text, criteria: [text], files: [{ path: 'a.ts', why: text }], risks: [text] });
    expect(body).not.toMatch(power);
  });

  it('stays within what GitHub takes, whatever the model hands in', () => {
    const long = '<&`@x '.repeat(1_700);
    const item = long.slice(0, 500);
    const many = Array.from({ length: 60 }, () => item);
    const files = many.map((why) => ({ path: why.slice(0, 300), why }));
    const body = comment({ approach: long, criteria: many.slice(0, 30), files, risks: many, questions: many });
    expect(body.length).toBeLessThan(65_536);
    expect(body).toContain('### How to go on');
    expect(readProposal(body)?.criteria.length).toBeGreaterThan(0);
  });
});

describe('what people do to it', () => {
  it.each([
    ['untick one', '- [ ] It answers 200.\n- [x] It is listed.', ['It is listed.']],
    ['tick with a large letter', '- [X] Yes', ['Yes']],
    ['add one without a box', '- [x] A\n* B\n1. C', ['A', 'B', 'C']],
    ['write as a browser does', '- [x] A\r\n- [ ] B\r\n- [x] C\r\n', ['A', 'C']],
    ['go on below', '- [x] A\n  and more\n- [ ] B\n  and less', ['A and more']],
    ['add one below another', '- [x] A\n  - [ ] A1\n  - [x] A2', ['A', 'A2']],
    ['leave boxes empty', '- [x] \n- [ ]\n- ', []],
    ['write a sentence instead', 'Just do it.', []],
    ['hide one', '- [x] A\n<!--\n- [x] B\n-->', ['A']],
    ['put them into a code block', '```\n- [x] A\n```', []],
    ['delete all', '', []],
  ])('%s', (_, list, criteria) => {
    expect(readProposal(edited(list))?.criteria).toEqual(criteria);
  });

  it('shows in what is carried out, in every part', () => {
    const text = comment()
      .replace('Add a route.', 'Add two routes.')
      .replace('### Files', '### Notes\n\nBe kind.\n\n### Files');
    const read = readProposal(text)?.text;
    expect(read).toContain('Add two routes.');
    expect(read).toContain('### Notes\n\nBe kind.');
  });

  it('names what is hidden there and was not read', () => {
    const hidden = `<span hidden>${'x'.repeat(50)}</span>`;
    expect(readProposal(`${comment()}\n\n${hidden}`)?.notable).not.toEqual([]);
  });

  it('leaves no plan where the marker is gone', () => {
    expect(readProposal(comment().slice(1))).toBeUndefined();
    expect(readProposal('')).toBeUndefined();
  });

  it('never makes it throw, and never lets an unticked criterion through', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom('\n', '\r\n', '- [ ] never', '- [x] ', '### ', '```', '<!--', '-->', '<details>', '> ', '   '),
    );
    const edit = fc.tuple(fc.nat(2_000), fc.nat(200), fc.array(piece, { maxLength: 8 }));
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 5 }), (edits) => {
        const text = edits.reduce(
          (body, [at, gone, put]) => `${body.slice(0, at)}${put.join('')}${body.slice(at + gone)}`,
          comment(),
        );
        const read = readProposal(text);
        expect(read?.criteria.every((each) => /[\p{L}\p{N}]/u.test(each)) ?? true).toBe(true);
      }),
      { numRuns: 150 },
    );
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }), (boxes) => {
        const list = boxes.map((isTicked, index) => `- [${isTicked ? 'x' : ' '}] c${index}`).join('\n');
        const wanted = boxes.flatMap((isTicked, index) => (isTicked ? [`c${index}`] : []));
        expect(readProposal(edited(list))?.criteria).toEqual(wanted);
      }),
    );
  });
});

describe('the digest of an issue', () => {
  const seen = { title: 'Add it', body: 'One\nTwo' };
  it('is the same however GitHub sends the same text', () => {
    expect(digestOf({ title: 'Add it ', body: 'One\r\nTwo\r\n' })).toBe(digestOf(seen));
  });
  it.each([{ title: 'Add them' }, { body: 'One\nThree' }, { body: '' }])(
    'differs where the issue does: %o',
    (change) => {
      expect(digestOf({ ...seen, ...change })).not.toBe(digestOf(seen));
    },
  );
});
