import { cleanCharacters, readVisible, readVisibleLine } from '../../src/visible/index.ts';
import { channels, payload, twins } from '../visible/channels.ts';
import { pureClass, type Case } from './case.ts';

/** What people write, read as they see it: another one beside each attack, all of them in turn. */
function readsTwin(index: number): boolean {
  const [, raw = '', seen = raw] = twins[index % twins.length] ?? [];
  const { text, hidden } = readVisible(raw);
  return text === seen && hidden.length === 0;
}

/** What a model is shown of an issue by a bot that hands on its source. */
function sendsOn(raw: string, gone: string): boolean {
  return `Issue: ${raw}`.includes(gone);
}

const inTexts: readonly Case[] = channels.map(([channel, raw, , gone = payload], index) => ({
  id: 'D9',
  name: `an order in ${channel} is read by the model`,
  baseline: () => sendsOn(raw, gone),
  attack: () => {
    const { text } = readVisible(raw);
    return text.includes(gone) || text.includes(payload);
  },
  twin: () => readsTwin(index),
}));

/** The same, and the person who asked is not told. Names of what was dropped hold nothing of it. */
const untold: readonly Case[] = channels.map(([channel, raw, named, gone = payload], index) => ({
  id: 'D9',
  name: `an order in ${channel} is dropped and nobody is told, or told it`,
  baseline: () => sendsOn(raw, gone), // whoever only reads the page sees nothing of it
  attack: () => {
    const names = readVisible(raw).hidden.join('; ');
    return !named.test(names) || names.includes(payload) || names.includes(gone);
  },
  twin: () => readsTwin(index),
}));

/** Channels that need no Markdown: titles and files of instructions have them as well. */
const characters = channels.filter(
  ([channel, raw]) => /^(?:tag|var|zero|word|dir|Hang|priv|soft)/.test(channel) && !/`/.test(raw),
);

const inLines: readonly Case[] = characters.flatMap(([channel, raw, , gone = payload]): Case[] => [
  {
    id: 'D9',
    name: `a title with ${channel}`,
    baseline: () => sendsOn(raw, gone),
    attack: () => readVisibleLine(raw).text.includes(gone),
    twin: () => readVisibleLine('Fix 👩‍👩‍👧‍👦 in «größe»').text === 'Fix 👩‍👩‍👧‍👦 in «größe»',
  },
  {
    id: 'D9',
    name: `a file of instructions with ${channel}`,
    baseline: () => sendsOn(raw, gone),
    attack: () => cleanCharacters(raw).text.includes(gone),
    twin: () => cleanCharacters('# Style\n\n\tTabs. ❤️ 🇩🇪\n').removed === 0,
  },
]);

export const hidden = pureClass('hidden', [...inTexts, ...untold, ...inLines]);
