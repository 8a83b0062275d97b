/** A line that switches one defence off. `find` occurs exactly once in the file, or the table is no longer true and the run fails. */
export interface Mutant {
  readonly id: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** The class that must catch it. */
  readonly class: string;
}

type Row = readonly [id: string, file: string, find: string, replace: string];

function caughtBy(name: string, rows: readonly Row[]): Mutant[] {
  return rows.map(([id, file, find, replace]) => ({ id, file: `src/${file}`, find, replace, class: name }));
}

const decide = 'policy/decide.ts';
const tools = 'agent/tools.ts';
const turn = 'agent/tool-turn.ts';
const text = 'agent/text.ts';
const limits = 'agent/limits.ts';
const checked = 'publish/change-set.ts';
const taken = 'sandbox/change-set.ts';
const quiet = 'markdown/neutralise.ts';
const proxy = 'egress/proxy.ts';
const files = 'toolhost/files.ts';
const spoken = 'trigger/spoken-lines.ts';

/** The cheap ones first. */
export const mutants: readonly Mutant[] = [
  ...caughtBy('trigger', [
    [
      'D6',
      decide,
      "return permission === 'write' || permission === 'maintain' || permission === 'admin';",
      'return true;',
    ],
    ['D6', decide, '(request, { issue }) => (isLabelGone(request, issue) ? texts.renderLabelGone() : undefined),', ''],
    ['D6', decide, "(_, { issue }) => (issue?.state === 'closed' ? texts.renderClosed() : undefined),", ''],
    ['D6', spoken, 'const quoteStart = /^ {0,3}>/u;', 'const quoteStart = /^ {0,3}>>>>/u;'],
    ['D6', spoken, 'const commentStart = /^ {0,3}<!--/u;', 'const commentStart = /^ {0,3}<!--never/u;'],
    [
      'D33',
      'trigger/read-delivery.ts',
      "if (sender.type !== 'User' || sender.login.endsWith('[bot]'))",
      "if (sender.type === 'nobody')",
    ],
    [
      'D33',
      'trigger/read-delivery.ts',
      'if (comment?.performed_via_github_app?.id === bot.appId)',
      'if (comment?.id === -1)',
    ],
    ['D33', decide, "const open = ours.find(({ state }) => state === 'open');", 'const open = undefined;'],
    ['D35', decide, '(limits.spentTodayUsd < limits.usdPerDay ?', '(limits.usdPerDay > 0 ?'],
    ['D39', decide, '(_, { repository }) => (repository.archived ? texts.renderArchived() : undefined),', ''],
  ]),
  ...caughtBy('prompt', [
    ['D10', text, "return text.replaceAll(new RegExp(delimiter, 'gi'), '[removed]');", 'return text;'],
    ['D10', text, "new RegExp(delimiter, 'gi')", "new RegExp(delimiter, 'g')"],
    ['D10', text, `.replaceAll(/["<>]/g, "'");`, ';'],
    ['D10', text, '/^[A-Za-z0-9]{16,64}$/', '/^[^]*$/'],
  ]),
  ...caughtBy('model', [
    [
      'D34',
      tools,
      'const tool = offered.find((candidate) => candidate === name);',
      'const tool = toolNames.find((candidate) => candidate === name);',
    ],
    [
      'D34',
      tools,
      'if (!result.success) return { fault: `${tool} was not run',
      'if (!result.success) return { name: tool, input: Object(input) }; if (!result.success) return { fault: `${tool} was not run',
    ],
    ['D34', turn, 'if (isCutOff(reply)) addCutFaults(sound, faults);', ''],
    ['D34', turn, 'const isUnfit = ids.has(block.id) || !/^[\\w-]{1,200}$/.test(block.id);', 'const isUnfit = false;'],
    ['D34', turn, 'return isSound(input, deepestInput) ? undefined : unsound;', 'return undefined;'],
  ]),
  ...caughtBy('budget', [
    ['D35', limits, 'if (usage.usd >= budget.usd)', 'if (usage.usd >= 1e9)'],
    ['D35', limits, 'if (usage.turns >= budget.turns)', 'if (usage.turns >= 1e9)'],
    ['D35', limits, 'if (totalTokens(usage) >= tokens)', 'if (tokens === 0)'],
    [
      'D35',
      decide,
      'const usd = Math.min(budget.usd, limits.usdPerJob, limits.usdPerDay - limits.spentTodayUsd);',
      'const usd = budget.usd;',
    ],
    ['D14', 'policy/settings.ts', '.regex(/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$/iu);', '.min(1);'],
    ['D14', 'policy/settings.ts', '.regex(/^(?!\\/)(?!.*(?:^|\\/)\\.\\.(?:\\/|$))[^\\\\]*$/u);', ';'],
  ]),
  ...caughtBy('changes', [
    ['D19', taken, 'if (parts.some(isGitName)) return', "if (parts.includes('.git')) return"],
    ['D19', taken, "if (parts.some((part) => part === '' || part === '.' || part === '..'))", "if (path === '..')"],
    ['D23', taken, "mode: z.enum(['100644', '100755', '120000']),", 'mode: z.any(),'],
    ['D23', taken, 'if (seen.has(change.path))', 'if (seen.size < 0)'],
    ['D23', checked, 'puts.flatMap(linkProblems)', '[]'],
    ['D23', checked, "path.split('/').some((part) => ['', '.', '..'].includes(part))", "path === '..'"],
    ['D23', checked, 'return /^(?:\\.git|git~\\d+)$/i.test(plain);', "return plain === '.git';"],
    ['D24', checked, 'return /^\\.github\\/workflows\\//i.test(path);', "return path === '.github/workflows/ci.yml';"],
    ['D24', checked, 'return protectedNames.has(name)', "return name === 'never'"],
  ]),
  ...caughtBy('names', [
    ['D22', 'job/branch.ts', 'return isTaken(name) ?', 'return !isTaken(name) ? issue.title : isTaken(name) ?'],
    [
      'D22',
      'workspace/open-workspace.ts',
      "if (/[\\0\\s:^~?*[\\\\]|\\.\\.|^-/.test(base.branch) || base.branch === '')",
      "if (base.branch === '')",
    ],
    ['D22', 'workspace/open-workspace.ts', 'if (!/^[0-9a-f]{40}$/.test(base.sha))', "if (base.sha === '')"],
    [
      'D22',
      'publish/commit.ts',
      "const login = asker.login.replace(/[^\\w[\\]-]/g, '');",
      'const login = asker.login;',
    ],
  ]),
  ...caughtBy('voice', [
    ['D25', quiet, '(/[A-Za-z0-9]/.test(scan.before) ? undefined : codeSpan(name))', 'undefined'],
    ['D25', quiet, "{ pattern: /</y, emit: () => '&lt;' },", ''],
    [
      'D25',
      quiet,
      'emit: ([reference], scan) => (isClosing(scan) ? codeSpan(reference) : undefined)',
      'emit: () => undefined',
    ],
    ['D25', quiet, 'const command = /^\\\\?\\/(?=\\w)/.exec(rest);', 'const command = null;'],
    ['D25', quiet, 'const heading = /^#{1,6}(?:\\s+|$)/.exec(rest);', 'const heading = null;'],
    ['D29', quiet, "{ pattern: /!(?=\\[)/y, emit: () => '&#33;' },", ''],
    ['D29', quiet, 'const isKept = isHome(url, scan) && !isClosing(scan);', 'const isKept = true;'],
    ['D25', 'markdown/text.ts', ".replace(skipCi, '')", ''],
    ['D25', 'markdown/text.ts', ".replace(trailer, '')", ''],
  ]),
  ...caughtBy('egress', [
    [
      'D3',
      proxy,
      'addresses.length > 0 && addresses.every((address) => egress.isAllowedAddress(address))',
      'addresses.length > 0',
    ],
    ['D3', proxy, ': host === wanted;', ': host.endsWith(wanted);'],
    ['D3', proxy, '&& egress.ports.includes(target.port)', ''],
    ['D3', proxy, "'host connection proxy-connection proxy-authorization", "'host connection proxy-connection"],
    ['D3', 'egress/addresses.ts', '169.254.0.0/16 ', ''],
    ['D3', 'egress/addresses.ts', "const openV6 = '2000::/3';", "const openV6 = '::/0';"],
  ]),
  ...caughtBy('webhook', [
    ['D7', 'web/intake.ts', 'const isSigned = isSignedBy(', 'const isSigned = true || isSignedBy('],
    ['D7', 'web/intake.ts', 'if (size > maxBodyBytes) return tooLarge;', ''],
    ['D7', 'web/intake.ts', '.update(`${event}\\n${JSON.stringify(payload)}`)', '.update(JSON.stringify(payload))'],
    ['D7', 'web/server.ts', 'requestTimeout: request,', 'requestTimeout: 0,'],
    ['D7', 'secrets.ts', 'return secret.length < 32 || new Set(secret).size <= 4;', 'return false;'],
    [
      'D37',
      'web/server.ts',
      "else text(response, 404, 'There is nothing here.');",
      "else text(response, 200, 'Hello.');",
    ],
  ]),
  ...caughtBy('identity', [
    [
      'D26',
      'publish/comments.ts',
      'return author.id === bot.botId && (appId === undefined || appId === bot.id);',
      'return true;',
    ],
    ['D40', 'publish/commit.ts', 'if (sha === headSha) return name;', 'if (sha !== undefined) return name;'],
    [
      'D21',
      'publish/publish-work.ts',
      'if (work.continues) await requireOpenPull(work.continues.branch, deps);',
      'if (work.continues) await Promise.resolve();',
    ],
    ['D6', 'github/facts.ts', "if (data.user?.id !== account.id) return 'none';", ''],
  ]),
  ...caughtBy('git', [
    ['D19', 'workspace/checkout.ts', '\\tprotectNTFS = true', '\\tprotectNTFS = false'],
    ['D27', 'workspace/mirror.ts', '\\tfollowRedirects = false', '\\tfollowRedirects = true'],
    ['D27', 'workspace/fetch.ts', " || url.username !== '' || url.password !== '')", ')'],
    ['D20', 'toolhost/git.ts', "GIT_CONFIG_GLOBAL: '/dev/null',", "GIT_CONFIG_GLOBAL: '/home/agent/.gitconfig',"],
  ]),
  ...caughtBy('files', [
    ['D1', files, 'if (isWithin(place.temp, path) || isWithin(place.home, path)) return;', 'return;'],
    ['D16', files, 'if (stat.isFile()) return { path, descriptor, stat };', 'return { path, descriptor, stat };'],
    ['D19', files, 'if (!relative(place.root, path).split(sep).some(isGitName)) return;', 'return;'],
  ]),
  ...caughtBy('grep', [
    [
      'D18',
      'toolhost/grep.ts',
      "[...args, '-e', readPattern(input), '--', target]",
      '[...args, readPattern(input), target]',
    ],
    ['D18', 'toolhost/grep.ts', '--engine=default', '--engine=pcre2'],
    ['D18', 'toolhost/grep.ts', 'const maxReplyCharacters = 30_000;', 'const maxReplyCharacters = 900_000;'],
  ]),
  ...caughtBy('box', [
    [
      'D2',
      'isolation/bubblewrap.ts',
      "TERM: 'dumb',",
      "TERM: 'dumb', ATTACK_SECRET: process.env['ATTACK_SECRET'] ?? '',",
    ],
    [
      'D4',
      'isolation/bubblewrap.ts',
      "['--ro-bind', checkout.objects, inside.objects]",
      "['--ro-bind', '/tmp', inside.objects]",
    ],
  ]),
  ...caughtBy('bash', [
    ['D12', 'toolhost/bash.ts', 'const tookAll = isStopped && (await killTree(mark));', 'const tookAll = false;'],
    ['D11', 'toolhost/bash.ts', 'const keptCharacters = 30_000;', 'const keptCharacters = 300_000;'],
    ['D11', 'isolation/bubblewrap.ts', '`--fsize=${limits.fileBytes}`,', ''],
    [
      'D11',
      'isolation/bubblewrap.ts',
      "['--perms', '1777', '--size', String(limits.tempBytes), '--tmpfs', inside.temp]",
      "['--perms', '1777', '--tmpfs', inside.temp]",
    ],
  ]),
];
