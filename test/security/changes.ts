import fc from 'fast-check';
import type { Change, ChangeSet } from '../../src/domain/index.ts';
import { checkChangeSet } from '../../src/publish/change-set.ts';
import { readChangeSet } from '../../src/sandbox/change-set.ts';
import { put } from '../publish/builders.ts';
import { pureClass, type Case } from './case.ts';

/** What a publisher lets through that only looks for the two best known words. */
function letsThrough(path: string): boolean {
  return !path.startsWith('.git/') && !path.startsWith('../');
}

function isPublished(changes: ChangeSet): boolean {
  try {
    checkChangeSet(changes, []);
    return true;
  } catch {
    return false;
  }
}

/** Whether the host takes this from a box. */
function isTaken(wire: unknown): boolean {
  try {
    readChangeSet(wire);
    return true;
  } catch {
    return false;
  }
}

function wirePut(path: string, more: object = {}) {
  return { type: 'put', path, mode: '100644', bytes: 'eA==', ...more };
}

/** Spellings of git's own folder, and ways out of the repository. */
const paths: readonly (readonly [name: string, path: string])[] = [
  ['git’s folder below another', 'a/.git/config'],
  ['in capitals', '.GIT/config'],
  ['in mixed case', 'a/.gIt/hooks/post-checkout'],
  ['as a file', '.git '],
  ['with a trailing dot', '.git./config'],
  ['with trailing dots and spaces', '.git. . /config'],
  ['by its short name', 'git~1/config'],
  ['by another short name', 'GIT~2/config'],
  ['as a stream', '.git::$INDEX_ALLOCATION/config'],
  ['with a zero-width joiner', '.g\u200dit/config'],
  ['with a zero-width non-joiner', '.gi\u200ct/config'],
  ['with a byte order mark', '\ufeff.git/config'],
  ['with a soft hyphen', '.gi\u00adt/config'],
  ['with a direction mark', '.git\u200e/config'],
  ['with wide letters', '.ｇｉｔ/config'],
  ['with a tag character', '.git\u{e0067}/config'],
  ['up and out', 'a/../../b'],
  ['up in the middle', 'a/../b'],
  ['up at the end', 'a/..'],
  ['here', './a'],
  ['here in the middle', 'a/./b'],
  ['an absolute path', '/etc/cron.d/a'],
  ['two slashes', 'a//b'],
  ['a trailing slash', 'a/'],
  ['no path', ''],
  ['a NUL', 'a\0b'],
  ['half a character', 'a\ud800b'],
  ['a path too long', 'a/'.repeat(3000) + 'b'],
];

/** What only the publisher refuses: paths that git takes and others choke on. */
const oddPaths: typeof paths = [
  ['a newline', 'a\nb'],
  ['a carriage return', 'a\rb'],
  ['an escape sequence', 'a\x1b[2Jb'],
  ['a backslash', 'a\\b'],
  ['up by backslashes', '..\\..\\b'],
  ['git’s folder behind a backslash', 'a\\.git\\config'],
];

const fine = put('src/größe 🎉/.gitignore');

function throughBoth(name: string, path: string): Case[] {
  const baseline = () => letsThrough(path);
  return [
    {
      id: 'D19',
      name: `a box names ${name}: ${JSON.stringify(path).slice(0, 60)}`,
      baseline,
      attack: () => isTaken([wirePut(path)]) || isTaken([{ type: 'delete', path }]),
      twin: () => isTaken([wirePut(fine.path)]) && isTaken([{ type: 'delete', path: '.github/x' }]),
    },
    publisherRefuses(name, path),
  ];
}

function publisherRefuses(name: string, path: string): Case {
  return {
    id: 'D23',
    name: `the publisher is given ${name}: ${JSON.stringify(path).slice(0, 60)}`,
    baseline: () => letsThrough(path),
    attack: () => isPublished([put(path)]) || isPublished([put('a'), { type: 'delete', path }]),
    twin: () => isPublished([fine]),
  };
}

const links: readonly (readonly [name: string, path: string, target: string])[] = [
  ['to an absolute path', 'a', '/etc/passwd'],
  ['up and out', 'a', '../outside'],
  ['up and out from a folder', 'a/b', '../../outside'],
  ['up and out in the middle', 'a/b', 'c/../../../outside'],
  ['to the folder above', 'a', '..'],
  ['to git’s folder', 'a', '.git/config'],
  ['to git’s folder in capitals', 'a/b', '../.GIT'],
  ['to git’s folder by its short name', 'a', 'git~1/hooks'],
  ['to nothing', 'a', ''],
  ['with a NUL', 'a', 'b\0c'],
  ['with a newline', 'a', 'b\nc'],
  ['with backslashes', 'a', '..\\..\\outside'],
  ['that is not UTF-8', 'a', Buffer.from([0x62, 0xff]).toString('latin1') + '\ufffd'],
];

const linkCases: readonly Case[] = links.map(([name, path, target]) => ({
  id: 'D23',
  name: `a link ${name}`,
  baseline: () => letsThrough(path),
  attack: () => isPublished([put(path, target, '120000')]),
  twin: () => isPublished([put('a/b', '../src/c', '120000')]),
}));

const many = (count: number): Change[] => Array.from({ length: count }, (_, index) => put(`a/${index}`));
const sets: readonly (readonly [name: string, set: ChangeSet])[] = [
  ['more files than anybody reviews', many(301)],
  ['more bytes than anybody reviews', [put('a', Buffer.alloc(6 * 1024 * 1024))]],
  ['one path twice', [put('a'), put('a', 'other')]],
  ['a path put and deleted', [put('a'), { type: 'delete', path: 'a' }]],
  ['a file where another needs a folder', [put('a'), put('a/b')]],
  ['a link where another needs a folder', [put('a', 'b', '120000'), put('a/c')]],
  ['a broken Git LFS pointer', [put('a', 'version https://git-lfs.github.com/spec/v1\noid sha256:x\n')]],
  ['nothing but workflow files', [put('.github/workflows/a.yml')]],
  ['nothing at all', []],
];

const setCases: readonly Case[] = sets.map(([name, set]) => ({
  id: 'D23',
  name: `the publisher is given ${name}`,
  baseline: () => set.every(({ path }) => letsThrough(path)),
  attack: () => isPublished(set),
  twin: () => isPublished(many(300)),
}));

/** What a box may say in the place of a change set. */
const wires: readonly (readonly [name: string, wire: unknown])[] = [
  ['a submodule', [wirePut('a', { mode: '160000' })]],
  ['a folder', [wirePut('a', { mode: '040000' })]],
  ['a file with the setuid bit', [wirePut('a', { mode: '104755' })]],
  ['a file that everybody may write', [wirePut('a', { mode: '100666' })]],
  ['a mode that is a number', [wirePut('a', { mode: 33188 })]],
  ['another kind of change', [{ type: 'rename', path: 'a', to: '.git/config' }]],
  ['a path that is a list', [wirePut('a', { path: ['.git', 'config'] })]],
  ['bytes that are none', [wirePut('a', { bytes: { length: 1 } })]],
  ['something that is no list', { 0: wirePut('a'), length: 1 }],
  ['one path twice', [wirePut('a'), wirePut('a')]],
  ['more files than can be', Array.from({ length: 1001 }, (_, index) => wirePut(`a${index}`))],
  ['more bytes than can be', [wirePut('a', { bytes: Buffer.alloc(11_000_000).toString('base64') })]],
  ['a name longer than a name can be', [wirePut('a'.repeat(256))]],
];

const wireCases: readonly Case[] = wires.map(([name, wire]) => ({
  id: 'D23',
  name: `a box sends ${name}`,
  baseline: () => JSON.stringify(wire).length > 2, // taken as it comes
  attack: () => isTaken(wire),
  twin: () => isTaken([wirePut('a'), wirePut('b', { mode: '100755' }), wirePut('c', { mode: '120000' })]),
}));

/** Files that steer people, tools and builds. A row's last word is a path beside it that steers nobody. */
const guarded: readonly (readonly [path: string, twin: string])[] = [
  ['.github/CODEOWNERS', 'docs/owners.md'],
  ['.GitHub/dependabot.yml', 'github/dependabot.yml'],
  ['.github/actions/a/action.yml', 'actions/a.js'],
  ['CODEOWNERS', 'codeowners.md'],
  ['docs/CodeOwners', 'docs/code.md'],
  ['AGENTS.md', 'agents.txt'],
  ['deep/CLAUDE.md', 'deep/claude.js'],
  ['Gemini.md', 'gem.md'],
  ['.claude/agents/a.md', 'claude/a.md'],
  ['.vscode/tasks.json', 'vscode/tasks.js'],
  ['.devcontainer/devcontainer.json', 'src/container.js'],
  ['.husky/pre-commit', 'husky.js'],
  ['.mcp.json', 'mcp.js'],
  ['package.json', 'src/package.js'],
  ['apps/a/PACKAGE.JSON', 'apps/a/index.js'],
  ['package-lock.json', 'lock.js'],
  ['yarn.lock', 'yarn.md'],
  ['.npmrc', 'npmrc.md'],
  ['.yarnrc.yml', 'yarnrc.md'],
  ['pyproject.toml', 'src/project.toml'],
  ['requirements-dev.txt', 'notes.txt'],
  ['setup.py', 'src/set.py'],
  ['go.mod', 'src/go.go'],
  ['Cargo.toml', 'src/lib.rs'],
  ['Gemfile', 'src/gem.rb'],
  ['a.gemspec', 'a.rb'],
  ['pom.xml', 'a.xml'],
  ['build.gradle.kts', 'a.kts'],
  ['Makefile', 'make.md'],
  ['Dockerfile', 'docker.md'],
  ['deploy/dockerfile.prod', 'deploy/a.md'],
  ['docker-compose.yml', 'a.yml'],
  ['Jenkinsfile', 'jenkins.md'],
  ['.gitlab-ci.yml', 'gitlab.yml'],
  ['.gitattributes', 'attributes'],
  ['.gitmodules', 'modules'],
  ['.envrc', 'env.md'],
  ['ops/secret-plan.txt', 'op/plan.txt'],
];

const own = ['ops', 'PREFERENCES.md'];

function isUnflagged(path: string): boolean {
  return !checkChangeSet([put(path), put('z')], own).protectedPaths.includes(path);
}

const guardedCases: readonly Case[] = guarded.map(([path, twin]) => ({
  id: 'D24',
  name: `${path} is changed and nobody is told`,
  baseline: () => isPublished([put(path)]), // the change itself is one that goes out
  attack: () => isUnflagged(path),
  twin: () => isUnflagged(twin),
}));

const workflows = [
  '.github/workflows/ci.yml',
  '.GitHub/Workflows/ci.yml',
  '.github/workflows/deep/a',
  '.github/WORKFLOWS/x',
];
const workflowCases: readonly Case[] = workflows.flatMap((path): Case[] =>
  [put(path), { type: 'delete', path } as const].map((change) => ({
    id: 'D24',
    name: `${path} is pushed (${change.type})`,
    baseline: () => letsThrough(path),
    attack: () => checkChangeSet([change, put('a')], []).changes.some((one) => one.path === path),
    twin: () => checkChangeSet([put('workflows/ci.yml')], []).changes.length === 1,
  })),
);

/** Folders of a path with git's name in a spelling made up at random. */
const spelled = fc
  .tuple(
    fc.array(fc.constantFrom('', '\u200b', '\u200d', '\u2060', '\ufeff', '\u00ad', '\u202e'), {
      minLength: 5,
      maxLength: 5,
    }),
    fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    fc.constantFrom('', '.', ' ', '. .', '..'),
  )
  .map(([gaps, capitals, tail]) => {
    const letters = '.git'
      .split('')
      .map((letter, at) => (gaps[at] ?? '') + (capitals[at] ? letter.toUpperCase() : letter));
    return letters.join('') + (gaps[4] ?? '') + tail;
  });

const folder = fc.stringMatching(/^[a-z]{1,8}$/);
const properties: readonly Case[] = [
  {
    id: 'D19',
    name: 'property: no spelling of git’s folder is taken or published, wherever it stands (2,000 paths)',
    baseline: () => fc.sample(spelled, 50).some(letsThrough),
    attack: () =>
      fc.check(
        fc.property(
          fc.array(folder, { maxLength: 3 }),
          spelled,
          fc.array(folder, { maxLength: 2 }),
          (before, git, after) => {
            const path = [...before, git, ...after].join('/');
            return !isTaken([wirePut(path)]) && !isPublished([put(path)]);
          },
        ),
        { numRuns: 2000 },
      ).failed,
    twin: () => isTaken([wirePut('a/.gitignore/git/b')]) && isPublished([put('a/.gitkeep')]),
  },
  {
    id: 'D23',
    name: 'property: whatever path is published stays below the root (5,000 paths)',
    baseline: () => letsThrough('a/../../b'),
    attack: () =>
      fc.check(
        fc.property(fc.array(fc.constantFrom('..', '.', '', 'a', 'b', '\\', '~', '/'), { maxLength: 8 }), (parts) => {
          const path = parts.join('/');
          return (
            !isPublished([put(path)]) || new URL(`file:///root/x/${encodeURI(path)}`).pathname.startsWith('/root/x/')
          );
        }),
        { numRuns: 5000 },
      ).failed,
    twin: () => isPublished([put('a/b')]),
  },
  {
    id: 'D23',
    name: 'property: whatever a box says, it is a change set or it is refused (3,000 values)',
    baseline: () => JSON.stringify(fc.sample(fc.anything(), 20)).length > 0,
    attack: () =>
      fc.check(
        fc.property(fc.anything(), (value) => {
          const wire = [value, wirePut('a')];
          return !isTaken(wire);
        }),
        { numRuns: 3000 },
      ).failed,
    twin: () => isTaken([]),
  },
];

export const changes = pureClass('changes', [
  ...paths.flatMap(([name, path]) => throughBoth(name, path)),
  ...oddPaths.map(([name, path]) => publisherRefuses(name, path)),
  ...linkCases,
  ...setCases,
  ...wireCases,
  ...guardedCases,
  ...workflowCases,
  ...properties,
]);
