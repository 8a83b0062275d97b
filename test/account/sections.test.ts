import { describe, expect, it } from 'vitest';
import { checkChangeSet } from '../../src/publish/change-set.ts';
import { readAnnotations, renderCheckRun } from '../../src/publish/check-run.ts';
import { renderEvidence } from '../../src/account/evidence.ts';
import { renderSections, whatIsLeft, type Account } from '../../src/account/sections.ts';
import { renderCommitMessage } from '../../src/publish/commit.ts';
import { aCheck, aJob, aProof, aRun, aSubmission, put } from '../publish/builders.ts';

function anAccount(changes: Partial<Account> = {}, protectedPaths: readonly string[] = []): Account {
  const run = changes.run ?? aRun();
  return {
    job: aJob(),
    run,
    proof: aProof(),
    checked: checkChangeSet(run.changes, protectedPaths),
    notes: [],
    home: 'https://github.com/acme/shop',
    runUrl: undefined,
    ...changes,
  };
}

function contentOf(name: string, account: Account, output = 1000): string {
  return renderSections(account, { text: 30_000, output }).find((section) => section.name === name)?.content ?? '';
}

const failing = aCheck({ passed: false, exitCode: 1, output: 'x' });

describe('what is left', () => {
  it.each([
    ['nothing when it is proved and submitted', {}, []],
    [
      'a failing check',
      { proof: aProof({ verdict: 'failed', checks: [failing] }) },
      [/^Not finished: these checks fail: `npm test`\.$/],
    ],
    [
      'a failure without a failing check on the head',
      { proof: aProof({ verdict: 'failed', checks: [] }) },
      [/^Not finished: a check fails\.$/],
    ],
    [
      'a repository without tests',
      { proof: aProof({ verdict: 'unproved', checks: [] }) },
      [/^Not proved: the repository has no test/],
    ],
    ['no proof at all', { proof: undefined }, [/^Not finished: nothing was verified\.$/]],
    [
      'a limit, in the run’s own words',
      { run: aRun({ stop: 'budget', stopDetail: 'It used $5, @all.' }) },
      [/^Not finished: It used \$5, `@all`\.$/],
    ],
    ['a limit without words', { run: aRun({ stop: 'refused' }) }, [/refused/]],
    [
      'workflow files',
      { run: aRun({ changes: [put('.github/workflows/x.yml'), put('a')] }) },
      [/^Not finished: workflow files were left out/],
    ],
    [
      'protected files, and a pointer',
      {
        run: aRun({
          changes: [
            put('package.json'),
            put('big.bin', `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 1\n`),
          ],
        }),
      },
      [/^Needs a person’s eye before it is merged: `package\.json`\.$/, /Git LFS pointer/],
    ],
  ])('names %s', (_, changes, expected) => {
    const lines = whatIsLeft(anAccount(changes));
    expect(lines).toHaveLength(expected.length);
    for (const [index, pattern] of expected.entries()) expect(lines[index]).toMatch(pattern);
  });
});

describe('sections', () => {
  it('tell tests, checklist and recommendations', () => {
    const account = anAccount();
    expect(contentOf('tests', account)).toBe('- `test/cart.test.js`: the total is the sum of the prices');
    expect(contentOf('checklist', account).split('\n').slice(2)).toEqual([
      '- [x] **Input is validated**: prices are checked',
      '- [ ] **Migrations are reversible**: *does not apply*: there is no schema',
      '- [ ] **Errors are logged**: no logger yet',
    ]);
    expect(contentOf('recommendations', account)).toBe('- **frontend-developer**: show the total');
    expect(
      contentOf('recommendations', anAccount({ run: aRun({ submission: aSubmission({ recommendations: [] }) }) })),
    ).toBe('None.');
  });

  it('say what all work cost together where there was more than this', () => {
    const footer = (jobs: number) => contentOf('footer', anAccount({ beside: { usd: 1.5, jobs } }));
    expect(footer(1)).toContain('$0.42 of $5.00 · $1.92 in all with 1 other run · 3 min');
    expect(footer(2)).toContain('with 2 other runs');
    expect(footer(0)).not.toContain('in all');
  });

  it('end with who did it, with what, from where and at what cost', () => {
    const account = anAccount({
      runUrl: 'https://bot.example/runs/1',
      run: aRun({ notes: ['`opus` is `claude-opus-5-5` now'] }),
    });
    expect(contentOf('footer', account)).toBe(
      '---\n\n*Backend Developer*: agent `backend-developer` · model `claude-opus-5-5` · 7 turns · $0.42 of $5.00 · 3 min 12 s · from `main` at `bbbbbbbbbbbb` · [the run](https://bot.example/runs/1)\n\n- `opus` is `claude-opus-5-5` now',
    );
  });

  it('close the issue, and nothing on a pull request', () => {
    expect(contentOf('closes', anAccount())).toBe('Closes #1');
    const job = aJob({ request: { subject: { kind: 'pull_request', number: 4 } } });
    expect(contentOf('closes', anAccount({ job }))).toBe('');
  });

  it('name the pull request that they are stacked on', () => {
    const job = aJob({ plan: { stackedOn: 4 }, request: { subject: { kind: 'pull_request', number: 4 } } });
    expect(contentOf('stacked', anAccount({ job }))).toMatch(/^Stacked on #4: [^\n]+`main` and goes into it\.$/u);
  });

  it('leave alone what says where a pull request belongs when work goes on with it', () => {
    const continues = { pullNumber: 9, branch: 'backend/1-total', headSha: 'c'.repeat(40) };
    const names = (job: Account['job']) =>
      renderSections(anAccount({ job }), { text: 30_000, output: 0 }).map(({ name }) => name);
    const kept = new Set(names(aJob({ plan: { continues } })));
    expect(names(aJob({})).filter((name) => !kept.has(name))).toEqual(['stacked', 'closes']);
  });
});

describe('evidence', () => {
  it('is a table of what ran on the base and with the change, then red → green, then notes', () => {
    const proof = aProof({
      checks: [aCheck({ command: 'npm test | tee x', passed: false, exitCode: null, durationMs: 61_000 })],
      notes: ['The lint was red before.'],
    });
    expect(renderEvidence({ proof, notes: ['It has submodules.'], outputLimit: 0 })).toBe(
      [
        'Run by the host in a fresh sandbox, on the tree of this commit; not reported by the model.',
        '',
        '| on | check | command | result | time |',
        '| --- | --- | --- | --- | --- |',
        '| before (`bbbbbbb`) | test | `npm test` | ✓ passes | 1.2 s |',
        '| **with the change** | test | `npm test \\| tee x` | ✗ stopped at its time limit | 1 min 1 s |',
        '',
        '**Red → green**: each new or changed test file, without and with the change',
        '',
        '| test file | without | with |',
        '| --- | --- | --- |',
        '| `test/cart.test.js` | ✗ fails | ✓ passes |',
        '',
        '- The lint was red before.',
        '- It has submodules.',
      ].join('\n'),
    );
  });

  it('shows failing output in a fence that nothing in it can end, without colours', () => {
    const output = '\u001b[31m✗\u001b[0m\n````\n</details>\n```';
    const text = renderEvidence({
      proof: aProof({ checks: [aCheck({ passed: false, output })] }),
      notes: [],
      outputLimit: 1000,
    });
    expect(text).toContain('`````\n✗\n````\n</details>\n```\n`````\n\n</details>');
  });

  it('cuts long output in the middle', () => {
    const output = `first ${'x'.repeat(9000)} last`;
    const text = renderEvidence({
      proof: aProof({ checks: [aCheck({ passed: false, output })] }),
      notes: [],
      outputLimit: 200,
    });
    expect(text).toMatch(/first x+\n… \d+ characters left out …\nx+ last/);
  });

  it('claims nothing when nothing ran', () => {
    expect(renderEvidence({ proof: undefined, notes: [], outputLimit: 9 })).toBe(
      'Nothing was run on this change: it is unverified.',
    );
  });
});

describe('the check run', () => {
  it.each([
    ['proved', 'success'],
    ['failed', 'failure'],
    ['unproved', 'neutral'],
    [undefined, 'neutral'],
  ] as const)('of a %s change concludes %s', (verdict, conclusion) => {
    const proof = verdict && aProof({ verdict });
    expect(renderCheckRun({ headSha: 'a', proof, changes: [], notes: [], runUrl: undefined }).conclusion).toBe(
      conclusion,
    );
  });

  it.each([
    [
      'node',
      'AssertionError: 1 == 2\n    at TestContext.<anonymous> (file:///work/test/cart.test.js:12:3)',
      'test/cart.test.js',
      12,
    ],
    ['node’s summary', 'test at test/cart.test.js:5:1\n✖ adds', 'test/cart.test.js', 5],
    ['unittest', 'Traceback\n  File "/work/tests/test_cart.py", line 9, in test_total', 'tests/test_cart.py', 9],
    ['pytest', 'tests/test_cart.py:7: AssertionError', 'tests/test_cart.py', 7],
    ['go', '--- FAIL: TestTotal (0.00s)\n    cart_test.go:21: got 1, want 2', 'pkg/cart_test.go', 21],
    ['tsc', "src/cart.ts(3,5): error TS2322: Type 'x'", 'src/cart.ts', 3],
  ])('points at the line that %s names', (_, output, path, line) => {
    const changes = ['test/cart.test.js', 'tests/test_cart.py', 'pkg/cart_test.go', 'src/cart.ts'].map((name) =>
      put(name),
    );
    const annotations = readAnnotations([aCheck({ passed: false, output })], changes);
    expect(annotations).toMatchObject([{ path, line, level: 'failure' }]);
  });

  it('points at no file outside of the change, and at a line once', () => {
    const output = 'at x (/usr/lib/node.js:3:1)\nat a (/work/a.js:1:2)\nat a (/work/a.js:1:9)\nb.go:2: x';
    const changes = [put('a.js'), put('x/b.go'), put('y/b.go')];
    expect(readAnnotations([aCheck({ passed: false, output })], changes)).toHaveLength(1);
  });
});

describe('the commit message', () => {
  it('takes nothing from a hostile text but words', () => {
    const message = renderCommitMessage(
      'Add [skip [skip ci]ci] @all (fixes #9)\nmore',
      '# Head\n\nWords. Closes evil/x#3, see https://github.com/acme/shop/issues/3 ***NO_CI***\nSigned-off-by: Eve\n\nNext.',
      { id: 7, login: 'mona', type: 'User' },
    );
    expect(message).toBe(
      'Add all (fixes 9) more\n\nWords. Closes evil/x 3, see github.com/acme/shop/issues/3\n\nCo-authored-by: mona <7+mona@users.noreply.github.com>',
    );
  });
});
