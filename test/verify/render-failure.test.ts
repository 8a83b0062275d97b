import { describe, expect, it } from 'vitest';
import type { CheckRun, Proof } from '../../src/domain/index.ts';
import { renderFailure } from '../../src/verify/index.ts';

function checkRun(over: Partial<CheckRun> = {}): CheckRun {
  return {
    name: 'test',
    command: 'npm test',
    passed: false,
    exitCode: 1,
    durationMs: 900,
    output: 'not ok 1',
    ...over,
  };
}

function proof(over: Partial<Proof> = {}): Proof {
  return { verdict: 'failed', baseSha: 'a'.repeat(40), baseline: [], checks: [], redGreen: [], notes: [], ...over };
}

describe('what the model is told about a failure', () => {
  it('holds the command, its exit code and its output', () => {
    expect(renderFailure(proof({ checks: [checkRun()] }))).toContain(
      'test: `npm test` exited with 1.\n<output>\nnot ok 1\n</output>',
    );
  });

  it('leaves out what passed and what was red before', () => {
    const checks = [
      checkRun({ name: 'lint', command: 'npm run lint' }),
      checkRun({ name: 'types', command: 'tsc', passed: true }),
    ];
    const told = renderFailure(proof({ baseline: [checkRun({ name: 'lint', command: 'npm run lint' })], checks }));
    expect(told).not.toMatch(/lint|tsc/);
  });

  it('stays within 20,000 characters and keeps both ends of every output', () => {
    const output = `first${'x'.repeat(200_000)}last`;
    const checks = (['types', 'lint', 'test'] as const).map((name) => checkRun({ name, command: name, output }));
    const told = renderFailure(proof({ checks, notes: ['n'.repeat(2_000)] }));
    expect(told.length).toBeLessThanOrEqual(20_000);
    expect(told.match(/first/g)).toHaveLength(3);
    expect(told.match(/last\n/g)).toHaveLength(3);
    expect(told).toContain('characters left out');
  });

  it('names tests that prove nothing and tests that still fail', () => {
    const told = renderFailure(
      proof({
        redGreen: [
          { path: 'a.test.js', command: 'node --test a.test.js', base: 'passes', head: 'passes' },
          { path: 'b.test.js', command: 'node --test b.test.js', base: 'fails', head: 'fails' },
          { path: 'c.test.js', command: 'node --test c.test.js', base: 'fails', head: 'passes' },
        ],
      }),
    );
    expect(told).toContain('`a.test.js` passes without your change too');
    expect(told).toContain('`b.test.js` fails with your change');
    expect(told).not.toContain('c.test.js');
  });
});
