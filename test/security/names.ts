import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { branchFor } from '../../src/job/index.ts';
import { openWorkspace, type WorkspaceOptions } from '../../src/workspace/index.ts';
import { renderCommitMessage } from '../../src/publish/commit.ts';
import { pureClass, type Case } from './case.ts';

const pattern = 'backend/{number}-{slug}';

/** How a branch gets its name where nobody minds: the title, spaces made dashes. */
function nameNaively(title: string): string {
  return title.trim().replaceAll(' ', '-');
}

/** What may be an option, a range, a path, shell, or a ref of git's own. */
function isDangerous(branch: string): boolean {
  const isOdd = branch === '' || /^-|^\/|\.\.|@\{|\.lock(?:\/|$)|\/\/|[^\w./-]|[./-]$/.test(branch);
  return isOdd || /^(?:refs\/|HEAD$|main$|master$|[0-9a-f]{40}$)/i.test(branch) || branch.length > 100;
}

const titles: readonly string[] = [
  '--upload-pack=touch x',
  '-x',
  '../../main',
  '/etc/passwd',
  'a; rm -rf ~',
  '$(id)',
  '`id`',
  'a|b',
  'a&b',
  'a > b',
  'a\nb',
  'a\0b',
  'a..b',
  'a@{-1}',
  'a~1',
  'a^{}',
  'a:b',
  'a?b*[c]',
  'a\\b',
  'refs/heads/main',
  'HEAD',
  'main',
  'a.lock',
  'a.lock/b',
  'ａ；ｂ',
  'a\u202eb',
  '🎉',
  'x'.repeat(500),
  'ﬀ/../..',
  'f'.repeat(40),
];

const branches: readonly Case[] = titles.map((title) => ({
  id: 'D22',
  name: `a branch named after ${JSON.stringify(title).slice(0, 50)}`,
  baseline: () => isDangerous(nameNaively(title)),
  attack: () =>
    [pattern, '{slug}/{number}', '{number}{slug}'].some((form) => isDangerous(branchFor(form, { number: 7, title }))),
  twin: () => branchFor(pattern, { number: 7, title: 'Add a health endpoint' }) === 'backend/7-add-a-health-endpoint',
}));

/** Names that become parts of host paths, refs and arguments of git. */
const openings: readonly (readonly [name: string, over: Partial<WorkspaceOptions>])[] = [
  ['a base branch that is an option', { base: { branch: '--upload-pack=touch', sha: 'a'.repeat(40) } }],
  ['a base branch with a range', { base: { branch: 'a..b', sha: 'a'.repeat(40) } }],
  ['a base branch with a refspec', { base: { branch: 'a:refs/heads/main', sha: 'a'.repeat(40) } }],
  ['a base branch with a space', { base: { branch: 'a b', sha: 'a'.repeat(40) } }],
  ['a base branch with a NUL', { base: { branch: 'a\0b', sha: 'a'.repeat(40) } }],
  ['no base branch', { base: { branch: '', sha: 'a'.repeat(40) } }],
  ['a base commit that is an option', { base: { branch: 'main', sha: '--output=/tmp/x' } }],
  ['a base commit that is a name', { base: { branch: 'main', sha: 'HEAD' } }],
  ['a base commit with more behind it', { base: { branch: 'main', sha: `${'a'.repeat(40)}\nb` } }],
  ['a job in another folder', { jobId: '../../mirrors/1' }],
  ['a job that is a dot', { jobId: '..' }],
  [
    'a repository’s id that is a path',
    { repository: { id: Number('1e99'), owner: 'a', name: 'b', installationId: 1 } },
  ],
];

async function isOpened(over: Partial<WorkspaceOptions>): Promise<boolean> {
  try {
    await using opened = await openWorkspace({ ...workspaceOptions, ...over });
    return opened.files.length >= 0;
  } catch (error) {
    return !String(error).match(/can't name|is no name|40 hexadecimal|is an integer/);
  }
}

const workspaceOptions: WorkspaceOptions = {
  dataDir: '/dev/null/data',
  jobId: 'job-1',
  repository: { id: 1, owner: 'acme', name: 'shop', installationId: 1 },
  base: { branch: 'main', sha: 'a'.repeat(40) },
  remoteUrl: 'http://127.0.0.1:9/acme/shop',
  token: async () => 'token',
  signal: new AbortController().signal,
};

const workspaces: readonly Case[] = openings.map(([name, over]) => {
  const { base, jobId, repository } = { ...workspaceOptions, ...over };
  return {
    id: 'D22',
    name: `git is given ${name}`,
    // As it stands it would be an argument of git's or a part of a path.
    baseline: () =>
      isDangerous(base.branch) || !/^[0-9a-f]{40}$/.test(base.sha) || jobId.includes('..') || repository.id > 1e15,
    attack: () => isOpened(over),
    twin: () => isOpened({ base: { branch: 'feature/a-b_c.d', sha: 'b'.repeat(40) } }),
  };
});

const logins = [
  'mona\nSigned-off-by: root',
  'a <root@evil.example>',
  'x>\nCo-authored-by: y <y@z',
  'a\u202eb',
  '$(id)',
];
const trailers: readonly Case[] = logins.map((login) => ({
  id: 'D22',
  name: `a co-author named ${JSON.stringify(login)}`,
  baseline: () => isForged(`Co-authored-by: ${login} <1+${login}@users.noreply.github.com>`),
  attack: () => isForged(renderCommitMessage('Add', '', { id: 1, login, type: 'User' })),
  twin: () =>
    renderCommitMessage('Add', '', { id: 1, login: 'mona', type: 'User' }).endsWith(
      'Co-authored-by: mona <1+mona@users.noreply.github.com>',
    ),
}));

function isForged(message: string): boolean {
  const line = message.split('\n').at(-1) ?? '';
  return (
    !/^Co-authored-by: [\w[\]-]+ <1\+[\w[\]-]+@users\.noreply\.github\.com>$/.test(line) ||
    /-by:.*\n.*-by:/s.test(message)
  );
}

const property: Case = {
  id: 'D22',
  name: 'property: no title, pattern and number make a dangerous branch (5,000 of them)',
  baseline: () => fc.sample(fc.string({ unit: 'binary' }), 100).some((title) => isDangerous(nameNaively(title))),
  attack: () =>
    fc.check(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.constantFrom(pattern, '-{slug}/{number}', '../{slug}{number}'),
        (title, form) => {
          return !isDangerous(branchFor(form, { number: 7, title }));
        },
      ),
      { numRuns: 5000 },
    ).failed,
  twin: () =>
    execFileSync('git', ['check-ref-format', '--branch', branchFor(pattern, { number: 7, title: 'a' })]).length > 0,
};

export const names = pureClass('names', [...branches, ...workspaces, ...trailers, property]);
