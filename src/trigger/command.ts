import { findSpokenLines, toLines } from './spoken-lines.ts';

/**
 * What a line such as `/backend implement the login page` says: its word, the verb as typed (empty when there is none), and the
 * instruction, which is the rest of the line and the lines below it.
 */
export interface Command {
  readonly word: string;
  readonly said: string;
  readonly instruction: string;
}

/** The command word is the repository's setting, which is not known here: the usual one is looked for first. */
const usualWord = '/backend';

/** A slash and one word, alone or before a space, so that `/usr/bin is missing` is no command. Four spaces in front make it code. */
const commandLine = /^ {0,3}(\/[A-Za-z][\w-]{0,63})(?:\s+(.*))?$/su;

/**
 * The command in a comment, if it holds one. Never throws; linear in the comment's length.
 * Of several (`/cc` is a command of somebody else), ours is the one with our usual word, else with a verb of ours, else the first.
 */
export function readCommand(markdown: string, verbs: ReadonlySet<string>): Command | undefined {
  const lines = toLines(markdown);
  const commands = findSpokenLines(lines).flatMap((index) => readLine(lines[index] ?? '', index));
  const command =
    commands.find(({ word }) => word.toLowerCase() === usualWord) ??
    commands.find(({ said }) => verbs.has(said.toLowerCase())) ??
    commands[0];
  if (command === undefined) return undefined;
  const { word, said, rest, index } = command;
  return { word, said, instruction: [rest, ...lines.slice(index + 1)].join('\n').trim() };
}

interface CommandLine {
  readonly word: string;
  readonly said: string;
  readonly rest: string;
  readonly index: number;
}

function readLine(line: string, index: number): readonly CommandLine[] {
  const [, word, afterWord = ''] = commandLine.exec(line) ?? [];
  if (word === undefined) return [];
  const [, verb = '', rest = ''] = /^(\S*)(.*)$/su.exec(afterWord) ?? [];
  return [{ word, said: withoutPunctuation(verb), rest, index }];
}

/** People write `implement:` and `help!`. Cut to a length that no verb has before anything is searched in it. */
function withoutPunctuation(verb: string): string {
  return verb.slice(0, 64).replace(/[:,.;!?]+$/u, '');
}
