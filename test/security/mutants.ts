import { caughtBy, type Mutant } from './mutant.ts';

const refuse = 'policy/refuse.ts';
const tools = 'agent/tools.ts';
const turn = 'agent/tool-turn.ts';
const text = 'agent/text.ts';
const limits = 'agent/limits.ts';
const checked = 'publish/change-set.ts';
const taken = 'sandbox/change-set.ts';
const quiet = 'markdown/neutralise.ts';
const proxy = 'egress/proxy.ts';
const admission = 'egress/admission.ts';
const files = 'toolhost/files.ts';
const denied = 'isolation/denied-calls.ts';
const spoken = 'trigger/spoken-lines.ts';

/** The cheap ones first. */
export const mutants: readonly Mutant[] = [
  ...caughtBy('trigger', [
    [
      'D6',
      refuse,
      "return permission === 'write' || permission === 'maintain' || permission === 'admin';",
      'return true;',
    ],
    ['D6', refuse, '(request, { issue }) => (isLabelGone(request, issue) ? texts.renderLabelGone() : undefined),', ''],
    [
      'D6',
      refuse,
      "issue?.state === 'closed' && !repliesOnly.includes(verb) ? texts.renderClosed(issue.isPullRequest) : undefined,",
      'undefined,',
    ],
    ['D6', spoken, 'const quoteStart = /^ {0,3}>/u;', 'const quoteStart = /^ {0,3}>>>>/u;'],
    ['D6', spoken, 'const commentStart = /^ {0,3}<!--/u;', 'const commentStart = /^ {0,3}<!--never/u;'],
    ['D33', 'trigger/origin.ts', "return type === 'User' && !login.endsWith('[bot]');", "return type !== 'nobody';"],
    [
      'D33',
      'trigger/read-delivery.ts',
      'if (comment?.performed_via_github_app?.id === bot.appId || isUs(sender, bot)) return sentByUs;',
      'if (comment?.id === -1) return sentByUs;',
    ],
    ['D33', refuse, "const open = ours.find(({ state }) => state === 'open');", 'const open = undefined;'],
    ['D35', refuse, 'return limits.spentTodayUsd < limits.usdPerDay ?', 'return limits.usdPerDay > 0 ?'],
    ['D39', refuse, '(_, { repository }) => (repository.archived ? texts.renderArchived() : undefined),', ''],
    [
      'D7',
      'trigger/removals.ts',
      'const read = z.strictObject({ ...surroundings, installation, repository: z.object({ id: Id }) })',
      'const read = z.object({ installation, repository: z.object({ id: Id }) })',
    ],
    [
      'D7',
      'trigger/removals.ts',
      'const read = z.strictObject({ ...surroundings, ...more, installation: whole })',
      'const read = z.object({ ...(whole && more && {}), installation })',
    ],
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
      'policy/options.ts',
      'const usd = Math.min(choice.budget ?? budget.usd, limits.usdPerJob, limits.usdPerDay - limits.spentTodayUsd);',
      'const usd = budget.usd;',
    ],
    [
      'D14',
      'settings/settings.ts',
      '.regex(/^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\\.)+[a-zA-Z]{2,63}$/u);',
      '.min(1);',
    ],
    ['D14', 'settings/settings.ts', '.regex(/^(?!\\/)(?!.*(?:^|\\/)\\.\\.(?:\\/|$))[^\\\\]*$/u);', ';'],
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
      admission,
      '&& [address, ...others].every((each) => egress.isAllowedAddress(each))',
      '&& others.length >= 0',
    ],
    ['D3', admission, ': host === wanted;', ': host.endsWith(wanted);'],
    ['D3', admission, "if (!egress.ports.includes(port)) return { reason: 'port' };", ''],
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
      'if (continues) await requireOpenPull(continues, deps);',
      'if (continues) await Promise.resolve();',
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
    ['D17', files, 'fs.constants.O_NONBLOCK | fs.constants.O_NOFOLLOW', 'fs.constants.O_NONBLOCK'],
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
  ...caughtBy('hidden', [
    ['D9', 'visible/page.ts', 'if (holder) {', 'if (holder && holder.characters < 0) {'],
    ['D9', 'visible/page.ts', '  ledger.add(kind, characters);\n  return', '  return'],
    ['D9', 'characters/unseen.ts', 'removed += 1;', 'if (found.length > 0) return String(found[0]); removed += 1;'],
  ]),
  ...caughtBy('disguises', [
    [
      'D15',
      'characters/disguises.ts',
      'added.some((line, index) => hasTags(line) || hasDirections(line, isProse && index > 0));',
      'added.some((line) => hasTags(line));',
    ],
    [
      'D15',
      'characters/disguises.ts',
      'added.some((line, index) => hasTags(line) || hasDirections(line, isProse && index > 0));',
      'added.some((line, index) => hasDirections(line, isProse && index > 0));',
    ],
    ['D15', checked, '|| disguises.get(path)?.isBlocked === true', ''],
    ['D15', 'characters/disguises.ts', 'return [...new Set(mixed)].slice(0, mostWords);', 'return [];'],
  ]),
  ...caughtBy('leaks', [
    [
      'D30',
      'leaks/leak-scan.ts',
      'return (plain.search(plainView(bytes).bytes) ?? hex.search(hexView(bytes).bytes))?.name;',
      'return plain.search(plainView(bytes).bytes)?.name;',
    ],
    [
      'D30',
      'leaks/forms.ts',
      'plain: [...raw, ...base64.map(encoded), ...base64Forms(backwards).map(encoded)],',
      'plain: raw,',
    ],
    ['D30', 'leaks/views.ts', 'while (source[at + count] === backslash && count < mostBackslashes) count += 1;', ''],
    ['D30', 'secrecy.ts', "if (change.type === 'put') requireNoSecret(change.bytes, 'A changed file', leaks);", ''],
    [
      'D30',
      'secrecy.ts',
      'await journal.append(kind, name === undefined ? data : withoutSecrets(data, leaks), usd);',
      'await journal.append(kind, data, usd);',
    ],
    ['D30', 'secrecy.ts', "requireNoSecret(text, 'What was about to be sent to GitHub', leaks);", ''],
  ]),
  ...caughtBy('checklist', [
    ['D28', 'app.yml', '  contents: write\n', '  contents: write\n  workflows: write\n'],
    ['D28', 'app.yml', 'default_events:\n', 'default_events:\n  - workflow_run\n'],
    ['D28', 'calls/calls.ts', "publish: { contents: 'write' },", "publish: { contents: 'write', issues: 'write' },"],
    [
      'D28',
      'calls/calls.ts',
      "resolve: { contents: 'write', pull_requests: 'write' },",
      "resolve: { contents: 'write', pull_requests: 'write', issues: 'write' },",
    ],
    ['D36', 'package.json', '"@octokit/rest": "22.0.1"', '"@octokit/rest": "^22.0.1"'],
    ['D36', 'package.json', '"node": true', '"node": false'],
  ]),
  ...caughtBy('log', [
    ['D31', 'log.ts', 'withoutControls(leaks?.redact(line) ?? line);', 'leaks?.redact(line) ?? line;'],
    ['D31', 'log.ts', 'return (line) => indented(render(line));', 'return render;'],
    ['D31', 'log.ts', 'if (line.length <= longestLine) return line;', 'if (line.length > 0) return line;'],
  ]),
  ...caughtBy('client', [
    [
      'D32',
      'github/talk.ts',
      'kit.rest.issues.updateComment({ ...at, comment_id: commentId, body }),',
      "kit.rest.pulls.createReview({ ...at, pull_number: commentId, event: 'APPROVE', body }),",
    ],
    [
      'D32',
      'github/talk.ts',
      'kit.rest.pulls.update({ ...at, pull_number: number, ...change })',
      "kit.rest.pulls.update({ ...at, pull_number: number, ...change, state: 'closed' })",
    ],
    ['D32', 'github/threads.ts', '`mutation ($threadId: ID!) { resolve', '`mutation ($threadId: ID!) { unresolve'],
    ['D21', 'github/git-data.ts', 'sha, force: false }', 'sha, force: true }'],
  ]),
  ...caughtBy('removal', [
    ['D38', 'keep-delivery.ts', 'await removeMirrors(deps.settings.dataDir, gone);', ''],
    [
      'D38',
      'store/retention.ts',
      "return { ...request, instruction: '', seen: { title: '', body: '' } };",
      'return request;',
    ],
    ['D38', 'store/retention.ts', 'await removeJournals(ids, sql);\n  return jobs.map', 'return jobs.map'],
    ['D38', 'store/retention.ts', 'await removeJournals(ids, sql);\n  return ids.length;', 'return 0;'],
  ]),
  ...caughtBy('edited', [
    ['D8', 'briefing.ts', 'Date.parse(updatedAt) <= Date.parse(requestedAt)', 'updatedAt !== requestedAt.slice(0, 4)'],
    [
      'D8',
      'trusted.ts',
      'return people.filter(({ author }) => canWrite(permissions.get(author.id)));',
      'return people.filter(({ author }) => permissions.has(author.id));',
    ],
    [
      'D8',
      'briefing.ts',
      'readVisible(seen.body)',
      "readVisible((await desk.client.issue(subject.number))?.body ?? '')",
    ],
  ]),
  ...caughtBy('scripts', [
    ['D13', 'isolation/bubblewrap.ts', "['--bind', checkout.home, inside.home]", "['--bind', '/var/tmp', inside.home]"],
    [
      'D13',
      'isolation/bubblewrap.ts',
      "['--perms', '1777', '--size', String(limits.tempBytes), '--tmpfs', inside.temp]",
      "['--bind', '/var/tmp', inside.temp]",
    ],
  ]),
  ...caughtBy('calls', [
    [
      'D3',
      denied,
      "answer: 'ENOSYS',\n    why: 'It makes calls that no filter sees",
      "answer: 'allow',\n    why: 'It makes calls that no filter sees",
    ],
    [
      'D3',
      denied,
      "answer: 'EPERM',\n    why: 'Ways to look into the kernel",
      "answer: 'allow',\n    why: 'Ways to look into the kernel",
    ],
    ['D3', denied, "answer: 'EPERM',\n    why: 'Keyrings", "answer: 'allow',\n    why: 'Keyrings"],
    [
      'D3',
      denied,
      "answer: 'EPERM',\n    why: 'Opens files by number",
      "answer: 'allow',\n    why: 'Opens files by number",
    ],
    ['D3', denied, "answer: 'EPERM',\n    why: 'As clone.'", "answer: 'allow',\n    why: 'As clone.'"],
    ['D3', denied, 'mask: newNamespaces, values: [0]', 'mask: 0, values: [0]'],
    [
      'D3',
      denied,
      "values: [rawType, packetType] }], answer: 'EPERM' }",
      "values: [rawType, packetType] }], answer: 'allow' }",
    ],
    [
      'D3',
      denied,
      "calls: { socket: { x64: 41, arm64: 198 } },\n    answer: 'EAFNOSUPPORT',",
      "calls: { socket: { x64: 41, arm64: 198 } },\n    answer: 'allow',",
    ],
  ]),
  ...caughtBy('prerequisites', [
    ['D5', 'sandbox/evidence.ts', 'if (broken !== undefined) throw refused(broken.what);', ''],
  ]),
  ...caughtBy('offline', [
    [
      'D36',
      'app.ts',
      'const leaks = options.leaks ?? openLeakScan(config);',
      "await fetch('http://192.0.2.1/a-package'); const leaks = options.leaks ?? openLeakScan(config);",
    ],
  ]),
];
