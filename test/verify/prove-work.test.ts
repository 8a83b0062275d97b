import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Proof, Refusal } from '../../src/domain/index.ts';
import { createSandbox } from '../../src/sandbox/index.ts';
import type { CheckProgress } from '../../src/verify/index.ts';
import { detectStacks, planChecks, proveWork, renderFailure, runBaseline, setUp } from '../../src/verify/index.ts';
import type { Repositories } from './fixture.ts';
import { fixtureFiles, fixtureNames, readTask, startRepositories, toChanges } from './fixture.ts';

type Files = Readonly<Record<string, string>>;
type Settings = Parameters<typeof planChecks>[0];

const sandbox = createSandbox({ kind: 'bubblewrap', nodePath: process.execPath });
const limits = { setupMs: 30_000, checkMs: 60_000 };
let repositories: Repositories;

beforeAll(async () => {
  repositories = await startRepositories();
});
afterAll(async () => {
  await repositories[Symbol.asyncDispose]();
});

/** Everything a proof needs, on a repository with these files. */
async function arrange(files: Files, settings: Partial<Settings> = {}) {
  const workspace = await repositories.open(files);
  const stacks = await detectStacks(workspace.files, (path) => workspace.readText(path));
  const checkPlan = planChecks({ checks: {}, allowedHosts: [], ...settings }, stacks);
  const reports: CheckProgress[] = [];
  const report = (progress: CheckProgress): void => {
    reports.push(progress);
  };
  const { signal } = new AbortController();
  return { workspace, checkPlan, sandbox, signal, report, reports, limits };
}

async function prove(files: Files, changes: Files, settings: Partial<Settings> = {}, over = {}): Promise<Proof> {
  const means = { ...(await arrange(files, settings)), ...over };
  const baseline = await runBaseline(means);
  return proveWork({ ...means, changes: toChanges(changes), baseline });
}

const verdicts = (runs: Proof['checks']) => runs.map(({ name, passed }) => `${name} ${passed ? 'passes' : 'fails'}`);

describe.each(fixtureNames)('in %s', (name) => {
  const task = readTask(name);
  let means: Awaited<ReturnType<typeof arrange>>;
  let baseline: Proof['baseline'];

  beforeAll(async () => {
    means = await arrange(fixtureFiles(name));
    baseline = await runBaseline(means);
  });

  it('the right change is proved: every check passes and the new test turns from red to green', async () => {
    expect(baseline.every(({ passed }) => passed)).toBe(true);
    const proof = await proveWork({ ...means, changes: toChanges(task.changes), baseline });
    expect(proof.redGreen.map(({ path, base, head }) => [path, base, head])).toEqual([
      [task.testFile, 'fails', 'passes'],
    ]);
    expect(proof).toMatchObject({ verdict: 'proved', baseSha: means.workspace.base.sha, notes: [] });
    expect(verdicts(proof.checks)).toEqual(verdicts(baseline));
    expect(means.reports.filter(({ phase }) => phase === 'verify').map((report) => report.name)).toEqual(
      proof.checks.map((check) => check.name),
    );
    expect(means.reports.at(-1)).toMatchObject({ phase: 'red to green', name: task.testFile, passed: true });
  });

  it('a wrong change fails, and the model is told which test and with what output', async () => {
    const proof = await proveWork({ ...means, changes: toChanges(task.wrong), baseline });
    expect(proof.verdict).toBe('failed');
    expect(proof.redGreen).toMatchObject([{ path: task.testFile, base: 'fails', head: 'fails' }]);
    const told = renderFailure(proof);
    expect(told).toContain(`\`${task.testFile}\` fails with your change`);
    expect(told).toMatch(/exited with 1\.\n<output>\n.+/s);
  });
});

const python = { 'app.py': 'def double(x):\n    return x + x\n' };
const testOf = (expected: string): string =>
  `import unittest\nfrom app import double\n\nclass DoubleTest(unittest.TestCase):\n    def test_double(self):\n        self.assertEqual(double(2), ${expected})\n`;

describe('a change', () => {
  it('is unproved in a repository whose tests nobody can find', async () => {
    const proof = await prove({ 'README.md': '# Notes\n' }, { 'README.md': '# More notes\n' });
    expect(proof).toMatchObject({ verdict: 'unproved', baseline: [], checks: [], redGreen: [] });
    expect(proof.notes.join()).toContain('checks.test');
  });

  it('whose new test passes on the base too is proved, with a note that the test shows nothing', async () => {
    const files = { ...python, 'test_app.py': testOf('4') };
    const proof = await prove(files, { 'test_more.py': testOf('2 * 2') });
    expect(proof).toMatchObject({
      verdict: 'proved',
      redGreen: [{ path: 'test_more.py', base: 'passes', head: 'passes' }],
    });
    expect(proof.notes).toEqual([
      '`test_more.py` passes without the change too: it does not show that the change works.',
    ]);
  });

  it('is not held to what was red before it, and the notes say so', async () => {
    const files = { ...python, 'test_app.py': testOf('5') };
    const change = { 'app.py': '# Doubles numbers.\ndef double(x):\n    return x + x\n' };
    const proof = await prove(files, change);
    expect(proof.verdict).toBe('proved');
    expect(proof.notes[0]).toContain('failed before this change too; only exit codes are compared');
  });

  it('that mends what was red is told apart', async () => {
    const proof = await prove({ ...python, 'test_app.py': testOf('5') }, { 'test_app.py': testOf('4') });
    expect(proof.notes[0]).toContain('failed before this change and passes with it');
  });

  it('fails when its new test fails, also where the tests were red before', async () => {
    const proof = await prove({ ...python, 'test_app.py': testOf('5') }, { 'test_more.py': testOf('6') });
    expect(proof.verdict).toBe('failed');
    expect(renderFailure(proof)).toContain('AssertionError');
  });

  it('that breaks the install step fails, and nothing else is run', async () => {
    const settings = { setup: 'python3 install.py' };
    const files = { ...python, 'test_app.py': testOf('4'), 'install.py': 'print("ready")\n' };
    const proof = await prove(
      files,
      { 'install.py': 'raise SystemExit("no such package")\n', 'test_more.py': testOf('4') },
      settings,
    );
    expect([proof.verdict, verdicts(proof.baseline), verdicts(proof.checks)]).toEqual([
      'failed',
      ['install passes', 'test passes'],
      ['install fails'],
    ]);
    expect(proof.redGreen).toEqual([]);
    expect(renderFailure(proof)).toContain('no such package');
  });

  it('is judged by the checks alone where the install step was broken before', async () => {
    const files = { ...python, 'test_app.py': testOf('4') };
    const proof = await prove(files, { 'app.py': 'double = lambda x: 2 * x\n' }, { setup: 'false' });
    expect([proof.verdict, verdicts(proof.checks)]).toEqual(['proved', ['install fails', 'test passes']]);
  });

  it('whose check never ends is stopped at the time limit', async () => {
    const files = { ...python, 'test_app.py': testOf('4') };
    const change = { 'test_app.py': `import time\nimport unittest\ntime.sleep(600)\n` };
    const proof = await prove(files, change, {}, { limits: { setupMs: 5_000, checkMs: 1_000 } });
    expect(proof).toMatchObject({ verdict: 'failed', checks: [{ name: 'test', exitCode: null, passed: false }] });
    expect(proof.notes[0]).toContain('stopped at its time limit');
    expect(renderFailure(proof)).toContain('was stopped at its time limit');
  });

  it('whose check is killed with its box has no proof, rather than one that says it failed', async () => {
    const dies = `(setsid bash -c 'while kill -0 $0 2> /dev/null; do :; done; sleep 0.02; kill -9 2' $$ &); kill -9 $$`;
    const means = await arrange({ ...python, 'test_app.py': testOf('4') }, { checks: { test: dies } });
    await expect(runBaseline(means)).rejects.toMatchObject({ code: 'box-lost' });
    await expect(proveWork({ ...means, changes: [], baseline: [] })).rejects.toMatchObject({ code: 'box-lost' });
  });
});

describe('the install step', () => {
  it('is the only one with network, and what it leaves is known as noise', async () => {
    const setup = 'echo made > generated.txt && test -n "$https_proxy$HTTPS_PROXY"';
    const { workspace, checkPlan, signal } = await arrange(python, {
      setup,
      checks: { test: 'test -z "$https_proxy$HTTPS_PROXY"' },
    });
    const checkout = await workspace.checkout('agent');
    const done = await setUp({ sandbox, checkPlan, signal }, checkout);
    expect(done.run).toMatchObject({ name: 'install', passed: true });
    expect(done.noise.map(({ path }) => path)).toEqual(['generated.txt']);
    expect(done.blockedHosts).toEqual([]);
  });

  it('names the hosts it did not get', async () => {
    const setup =
      'curl -s https://packages.example.com/a.tgz || python3 -c "import urllib.request as u; u.urlopen(\'https://packages.example.com/\')"';
    const proof = await prove(
      { ...python, 'test_app.py': testOf('4') },
      { 'app.py': 'double = lambda x: 2 * x\n' },
      { setup },
    );
    expect(proof.notes[0]).toContain('`packages.example.com:443` is not allowed so far');
    expect(proof.notes[0]).toContain('which failed');
  });

  it('tells of each run that asked for such a host, also of one that was cut short', async () => {
    const setup = 'curl -s http://packages.example.com/; echo done';
    const told: Refusal[] = [];
    const refused = async (refusal: Refusal) => void told.push(refusal);
    const means = { ...(await arrange({ ...python, 'test_app.py': testOf('4') }, { setup })), refused };
    await runBaseline(means);
    const hosts = [{ host: 'packages.example.com', port: 80, reason: 'not listed' }];
    expect(told).toEqual([{ command: setup, passed: true, hosts }]);
    const stop = new AbortController();
    const longer = `curl -s http://packages.example.com/; touch begun; sleep 60`;
    const cutShort = { ...means, checkPlan: { ...means.checkPlan, setup: longer }, signal: stop.signal };
    const checkout = await means.workspace.checkout('agent');
    const done = setUp(cutShort, checkout);
    await expect.poll(() => existsSync(join(checkout.tree, 'begun')), { timeout: 10_000 }).toBe(true);
    stop.abort();
    await expect(done).rejects.toMatchObject({ code: 'aborted' });
    expect(told.slice(1)).toEqual([{ command: longer, passed: false, hosts }]);
  });

  it('is nothing where there is nothing to install', async () => {
    const { workspace, checkPlan, signal } = await arrange(python);
    const checkout = await workspace.checkout('agent');
    expect(await setUp({ sandbox, checkPlan, signal }, checkout)).toEqual({ noise: [], blockedHosts: [] });
  });
});
