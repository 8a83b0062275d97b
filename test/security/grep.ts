import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rgPath } from '@vscode/ripgrep';
import fc from 'fast-check';
import { sharedClass, type Case } from './case.ts';
import { openGround, runBare, type Ground } from './ground.ts';

/** A program of the repository's that says that it ran, where searches look for one. */
const traps = `
  printf '#!/bin/sh\\ntouch "$(dirname "$0")/canary"; cat "$@"\\n' > run.sh; chmod +x run.sh
  printf -- '--pre=./run.sh\\n' > .ripgreprc; cp .ripgreprc ripgreprc
  echo needle > hay.txt; printf 'a\\0needle\\n' > binary; echo needle > .hidden; touch -- '--pre=.'
  mkdir -p -- '--pre=./run.sh' deep; echo needle > '--pre=./run.sh/x'; ln -s /etc deep/etc; ln -s /proc/self deep/self
  printf '%040d!' 0 | tr 0 a > redos.txt
  head -c 30000000 /dev/zero | tr '\\0' n > long-line; yes needle | head -n 300000 > many
  mkdir -p sub/.git; echo needle-of-git > sub/.git/config`;

interface Place {
  readonly ground: Ground;
  /** The host's folder with the same files. */
  readonly bare: string;
}

/** ripgrep as it is usually called: what the model wrote is an argument like any other. */
function searchNaively({ bare }: Place, args: readonly string[], env: Record<string, string> = {}) {
  return runBare(rgPath, ['--hidden', ...args], { cwd: bare, env, ms: 3000 });
}

async function canaryAfter(place: Place, search: () => Promise<unknown>): Promise<boolean> {
  const canaries = [join(place.bare, 'canary'), join(place.ground.checkout.tree, 'canary')];
  for (const path of canaries) rmSync(path, { force: true });
  await search();
  return canaries.some((path) => existsSync(path));
}

type Input = Readonly<Record<string, unknown>>;

/** Ways to make the search run a program: what is asked of us, and what the same is without an argument vector. */
const programs: readonly (readonly [
  name: string,
  input: Input,
  naive: readonly string[],
  env?: Record<string, string>,
])[] = [
  ['a pattern that is a flag', { pattern: '--pre=./run.sh' }, ['--pre=./run.sh', 'needle', '.']],
  ['a flag in two words', { pattern: '--pre ./run.sh needle' }, ['--pre', './run.sh', 'needle', '.']],
  ['a path that is a flag', { pattern: 'needle', path: '--pre=./run.sh' }, ['needle', '--pre=./run.sh', '.']],
  ['a glob that is a flag', { pattern: 'needle', glob: '--pre=./run.sh' }, ['--pre=./run.sh', 'needle', '.']],
  ['a type that is a flag', { pattern: 'needle', type: 'js --pre=./run.sh' }, ['--pre=./run.sh', 'needle', '.']],
  [
    'a glob of the preprocessor’s',
    { pattern: 'needle', glob: '*.txt --pre=./run.sh' },
    ['--pre=./run.sh', '--pre-glob=*.txt', 'needle', '.'],
  ],
  ['a settings file', { pattern: 'needle' }, ['needle', '.'], { RIPGREP_CONFIG_PATH: 'ripgreprc' }],
  [
    'a hidden settings file',
    { pattern: 'needle', path: '.ripgreprc' },
    ['needle', '.'],
    { RIPGREP_CONFIG_PATH: '.ripgreprc' },
  ],
  [
    'an output mode with a flag',
    { pattern: 'needle', output_mode: 'content --pre=./run.sh' },
    ['--pre=./run.sh', 'needle', '.'],
  ],
  ['a context with a flag', { pattern: 'needle', '-A': '1 --pre=./run.sh' }, ['--pre=./run.sh', 'needle', '.']],
];

function programCases(place: Place): Case[] {
  const { box } = place.ground;
  return programs.map(([name, input, naive, env]) => ({
    id: 'D18',
    name: `a program is run by ${name}`,
    baseline: () => canaryAfter(place, () => searchNaively(place, naive, env)),
    attack: () => canaryAfter(place, () => box.tool('Grep', input)),
    twin: async () =>
      (await box.tool('Grep', { pattern: '--pre', path: '.ripgreprc', output_mode: 'content' })).text.includes(
        'run.sh',
      ),
  }));
}

/** Patterns that make the search do something else than searching for them; `sign` is what then stands in the answer. */
const patterns: readonly (readonly [name: string, input: Input, naive: readonly string[], sign: RegExp])[] = [
  ['a list of all files', { pattern: '--files' }, ['--files'], /hay\.txt/],
  [
    'patterns from a file of the system',
    { pattern: '-f/etc/passwd', path: 'hay.txt' },
    ['-f/etc/passwd', '/etc/passwd'],
    /root:|agent:/,
  ],
  ['another engine', { pattern: '(n)eedle(?=$)', path: 'hay.txt' }, ['-P', '(n)eedle(?=$)', 'hay.txt'], /needle/],
  ['a look behind', { pattern: '(?<=n)eedle', path: 'hay.txt' }, ['-P', '(?<=n)eedle', 'hay.txt'], /needle|hay/],
  ['a reference back', { pattern: '(e)\\1dle', path: 'hay.txt' }, ['-P', '(e)\\1dle', 'hay.txt'], /needle|hay/],
  ['recursion', { pattern: '(e(?R)?d)', path: 'hay.txt' }, ['-P', 'n(e)(?1)dle', 'hay.txt'], /needle|hay/],
  ['the version', { pattern: '--version' }, ['--version'], /ripgrep \d/],
  ['the types', { pattern: '--type-list' }, ['--type-list'], /\*\.rs/],
  ['the debug log', { pattern: '--debug' }, ['--debug', 'needle', 'hay.txt'], /DEBUG|rg:/],
];

/** Places that a search must not go to. */
const places: readonly (readonly [name: string, path: string])[] = [
  ['the system', '/etc'],
  ['up and out', '../../../../../../etc'],
  ['a linked folder', 'deep/etc'],
  ['a process', '/proc/self'],
  ['a linked process', 'deep/self'],
  ['git’s folder', '.git'],
  ['a repository within', 'sub/.git'],
  ['the root', '/'],
];

function answerCases(place: Place): Case[] {
  const { box } = place.ground;
  const twin = async () =>
    (await box.tool('Grep', { pattern: 'need(le)+', path: 'hay.txt', output_mode: 'content' })).text.includes('needle');
  return [
    ...patterns.map(([name, input, naive, sign]) => ({
      id: 'D18',
      name: `a pattern gets ${name}`,
      baseline: async () => sign.test((await searchNaively(place, naive)).output),
      attack: async () => {
        const { isError, text } = await box.tool('Grep', input);
        return !isError && sign.test(text);
      },
      twin,
    })),
    ...places.map(([name, path]) => ({
      id: 'D18',
      name: `a search in ${name}`,
      baseline: async () => {
        const at = path.startsWith('.git') ? `sub/${path}` : path === '/' ? '/etc' : path;
        return (await searchNaively(place, ['-l', '-m1', '--no-messages', '-e', '', '--', at])).code !== 1;
      },
      attack: async () => !(await box.tool('Grep', { pattern: '.', path, head_limit: 5 })).isError,
      twin,
    })),
  ];
}

/** Searches that find too much to be told. */
const answers: readonly (readonly [name: string, input: Input, naive: readonly string[]])[] = [
  ['a line of 30 MB', { pattern: 'n', path: 'long-line', output_mode: 'content' }, ['n', 'long-line']],
  [
    '300,000 lines',
    { pattern: 'needle', path: 'many', output_mode: 'content', head_limit: 100_000 },
    ['needle', 'many'],
  ],
  [
    'a match at every character',
    { pattern: 'n*?', path: 'long-line', output_mode: 'content', '-C': 1000 },
    ['n', 'long-line'],
  ],
];

/** Searches that would take for ever or fill memory, by the time or the size they may take. */
function costCases(place: Place): Case[] {
  const { box } = place.ground;
  const script = (pattern: string) =>
    `new RegExp(${JSON.stringify(pattern)}).test(require("node:fs").readFileSync("redos.txt", "utf8"))`;
  const twin = async () => (await box.tool('Grep', { pattern: 'a+!', path: 'redos.txt' })).text.includes('redos.txt');
  const evil = ['^(a+)+$', '^(a|a)*$', '^(a|aa)+$', '^(([a-z])+.)+[A-Z]([a-z])+$'.replace('.)', ')'), '^(.*a){18}b$'];
  const large = 20_000;
  return [
    ...evil.map((pattern) => ({
      id: 'D18',
      name: `a pattern that takes for ever: ${pattern}`,
      baseline: async () =>
        (await runBare(process.execPath, ['-e', script(pattern)], { cwd: place.bare, ms: 700 })).code === null,
      attack: async () => {
        const startedAt = performance.now();
        await box.tool('Grep', { pattern, path: 'redos.txt' });
        return performance.now() - startedAt > 5500;
      },
      twin,
    })),
    ...answers.map(([name, input, naive]) => ({
      id: 'D18',
      name: `an answer of ${name}`,
      baseline: async () => (await searchNaively(place, naive)).output.length > 1_000_000,
      attack: async () => (await box.tool('Grep', input)).text.length > large * 2,
      twin,
    })),
    {
      id: 'D18',
      name: 'a pattern that is compiled to gigabytes',
      baseline: async () =>
        (await searchNaively(place, ['--regex-size-limit=2G', '--dfa-size-limit=2G', 'x{999}{99}', 'hay.txt'])).code !==
        2,
      attack: async () => !(await box.tool('Grep', { pattern: 'x{999}{999}{999}', path: 'hay.txt' })).isError,
      twin,
    },
  ];
}

/** What the pattern itself may not hold, or must mean as it stands. */
function literalCases(place: Place): Case[] {
  const { box } = place.ground;
  const twin = async () => (await box.tool('Grep', { pattern: 'needle' })).text.includes('hay.txt');
  return [
    {
      id: 'D18',
      name: 'a NUL in the pattern ends the argument early',
      baseline: () => 'needle\0--files'.split('\0')[0] === 'needle',
      attack: async () => !(await box.tool('Grep', { pattern: 'needle\0--files' })).isError,
      twin,
    },
    {
      id: 'D18',
      name: 'a NUL in the glob',
      baseline: () => '*.txt\0x'.split('\0')[0] === '*.txt',
      attack: async () => !(await box.tool('Grep', { pattern: 'needle', glob: '*.txt\0x' })).isError,
      twin,
    },
    {
      id: 'D18',
      name: 'a newline makes two patterns of one',
      baseline: async () =>
        (await runBare('/bin/grep', ['-c', 'nothing\nneedle', 'hay.txt'], { cwd: place.bare })).output.trim() === '1',
      attack: async () =>
        (await box.tool('Grep', { pattern: 'nothing\nneedle', path: 'hay.txt' })).text.includes('hay.txt'),
      twin,
    },
    {
      id: 'D18',
      name: 'a link in the tree is followed out of it',
      baseline: async () => (await searchNaively(place, ['-L', '-l', 'root:', 'deep/etc/passwd'])).code === 0,
      attack: async () =>
        (await box.tool('Grep', { pattern: 'root:|agent:|Cap(Eff|Prm)', path: 'deep' })).text.includes('etc'),
      twin,
    },
  ];
}

const flags = fc.array(
  fc.constantFrom(
    '--pre=./run.sh',
    '--pre',
    './run.sh',
    '-f',
    '--files',
    '-',
    '--',
    ' ',
    '=',
    '-z',
    '--search-zip',
    '-u',
    '\n',
    'needle',
    '--hostname-bin=./run.sh',
  ),
  { minLength: 1, maxLength: 5 },
);

function propertyCases(place: Place): Case[] {
  const { box } = place.ground;
  return [
    {
      id: 'D18',
      name: 'property: no pattern, glob and type made of flags runs a program (150 searches)',
      baseline: () => canaryAfter(place, () => searchNaively(place, ['--pre=./run.sh', 'needle', '.'])),
      attack: () =>
        canaryAfter(place, () =>
          fc.assert(
            fc.asyncProperty(flags, flags, async (pattern, glob) => {
              const { isError, text } = await box.tool('Grep', {
                pattern: pattern.join(''),
                path: 'hay.txt',
                glob: glob.join(''),
              });
              return isError || text.length < 10_000;
            }),
            { numRuns: 150 },
          ),
        ),
      twin: async () => (await box.tool('Grep', { pattern: 'needle', glob: '*.txt' })).text.includes('hay.txt'),
    },
  ];
}

export const grep = sharedClass('grep', async (ends) => {
  const ground = await openGround(ends);
  await runBare('/bin/bash', ['-c', traps], { cwd: ground.bare, ms: 20_000 });
  await ground.box.exec(traps, 20_000);
  const place = { ground, bare: ground.bare };
  return [programCases, answerCases, costCases, literalCases, propertyCases].flatMap((make) => make(place));
});
