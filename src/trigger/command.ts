import { optionNames, verbAliases, verbNames, type CommandOption, type Verb } from '../domain/index.ts';
import { findSpokenLines, toLines } from './spoken-lines.ts';

/**
 * What a line such as `/backend implement the login page budget:3` says: its word, the verb as typed (empty when there is none), the
 * options, and the instruction, which is the rest of the line and the lines below it.
 */
export interface Command {
  /** The command word, or the mention, as typed. */
  readonly word: string;
  readonly via: 'command' | 'mention';
  readonly said: string;
  readonly instruction: string;
  readonly options: readonly CommandOption[];
}

/** The command word is the repository's setting, which is not known here: the usual one is looked for first. */
const usualWord = '/backend';

/** A slash and one word, alone or before a space, so that `/usr/bin is missing` is no command. Four spaces in front make it code. */
const commandLine = /^ {0,3}(\/[A-Za-z][\w-]{0,63})(?:\s+(.*))?$/su;

/** A name as GitHub gives it to Apps, alone or before a space or punctuation. */
const mentionLine = /^ {0,3}(@[A-Za-z\d][A-Za-z\d-]{0,99})(?:\[bot\])?(?:[\s,:;.!?]+(.*))?$/su;

/**
 * The command in a comment, if it holds one. `slug` is the App's name, which makes a line that begins with `@slug` a command; without one, none is. Never
 * throws; linear in the comment's length. Of several (`/cc` is a command of somebody else), ours is the one with our usual word, else one
 * with a verb of ours, else the mention, else the first.
 */
export function readCommand(markdown: string, slug: string): Command | undefined {
  const lines = toLines(markdown);
  const spoken = findSpokenLines(lines).flatMap((index) => readLine(lines[index] ?? '', index, slug));
  const found =
    spoken.find(({ word }) => word.toLowerCase() === usualWord) ??
    spoken.find(({ via, said }) => via === 'command' && readVerb(said) !== 'unknown') ??
    spoken.find(({ via }) => via === 'mention') ??
    spoken[0];
  if (found === undefined) return undefined;
  const { rest, index, ...command } = found;
  const { text, options } = takeOptions(rest);
  return { ...command, options, instruction: [text, ...lines.slice(index + 1)].join('\n').trim() };
}

/** The verb that a word stands for, in any letter case. */
export function readVerb(said: string): Verb {
  const word = said.toLowerCase();
  if (Object.hasOwn(verbAliases, word)) return verbAliases[word] ?? 'unknown';
  return verbNames.find((name) => name === word) ?? 'unknown';
}

interface CommandLine extends Pick<Command, 'word' | 'via' | 'said'> {
  readonly rest: string;
  readonly index: number;
}

function readLine(line: string, index: number, slug: string): readonly CommandLine[] {
  const [, word, afterWord = ''] = commandLine.exec(line) ?? [];
  if (word !== undefined) return [{ word, via: 'command', ...splitVerb(afterWord), index }];
  const [, name, afterName = ''] = mentionLine.exec(line) ?? [];
  if (name === undefined || slug === '' || name.slice(1).toLowerCase() !== slug.toLowerCase()) return [];
  const { said, rest } = splitVerb(afterName);
  const isVerb = readVerb(said) !== 'unknown';
  return [{ word: name, via: 'mention', ...(isVerb ? { said, rest } : { said: '', rest: afterName }), index }];
}

function splitVerb(text: string): { readonly said: string; readonly rest: string } {
  const [, verb = '', rest = ''] = /^(\S*)(.*)$/su.exec(text) ?? [];
  return { said: withoutPunctuation(verb), rest };
}

/** People write `implement:` and `help!`. Cut to a length that no verb has before anything is searched in it. */
function withoutPunctuation(verb: string): string {
  return verb.slice(0, 64).replace(/[:,.;!?]+$/u, '');
}

/** `name:value`, but no address and nothing with two colons, such as `http://x` and `std::move`. */
const optionWord = /^([A-Za-z][A-Za-z-]{0,29}):((?!\/\/|:)\S{1,200})$/u;

/**
 * Takes the options out of a command line. One that we know counts wherever it stands; a word that only looks like one counts at the
 * beginning and at the end, where options belong, so that a mistyped one is answered, and not taken for text.
 */
function takeOptions(line: string): { readonly text: string; readonly options: readonly CommandOption[] } {
  const words = line.split(/(\s+)/u);
  const read = words.map((word) => readOption(word));
  const isText = (index: number) => read[index] === undefined && words[index]?.trim() !== '';
  const indices = [...words.keys()];
  const first = indices.find(isText) ?? Infinity;
  const last = indices.findLast(isText) ?? -1;
  const isOption = (index: number) => {
    const option = read[index];
    return option !== undefined && (index < first || index > last || isKnown(option));
  };
  const options = indices.flatMap((index) => (isOption(index) ? (read[index] ?? []) : []));
  const text = indices.flatMap((index) => (isOption(index) ? [] : (words[index] ?? [])));
  return { text: text.join('').trim(), options };
}

function readOption(word: string): CommandOption | undefined {
  const [, name, value] = optionWord.exec(word) ?? [];
  return name === undefined || value === undefined ? undefined : { name: name.toLowerCase(), value };
}

function isKnown({ name }: CommandOption): boolean {
  return optionNames.some((known) => known === name);
}
