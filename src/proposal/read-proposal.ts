import { readVisible, type VisibleText } from '../visible/index.ts';
import { titles } from './render-proposal.ts';

/** What a comment with a plan of ours says by now, after whatever people did to it. */
export interface StandingProposal extends Pick<VisibleText, 'notable' | 'folded'> {
  /** Whose wish it answers, as the marker writes it. */
  readonly wish: string;
  /** Of the issue that it was written for. */
  readonly digest: string;
  /** Those that are to hold: ticked, or written without a box. */
  readonly criteria: readonly string[];
  /** All that is to be carried out, as Markdown: what was unticked is left out, and so is how to go on. */
  readonly text: string;
}

const marker = /^<!-- backend:plan (\S{1,500}) issue:([0-9a-f]{16}) -->/u;

/** Reads the comment as people see it. undefined for one that does not begin with our marker. Never throws. */
export function readProposal(body: string): StandingProposal | undefined {
  const [whole, wish, digest] = marker.exec(body) ?? [];
  if (whole === undefined || wish === undefined || digest === undefined) return undefined;
  const { text, notable, folded } = readVisible(body.slice(whole.length).replace(/\r\n?/gu, '\n'));
  const sections = readSections(text);
  const criteria = readCriteria(sections.find((each) => isTitled(each, titles.criteria))?.lines ?? []);
  return { wish, digest, criteria, text: renderRest(sections, criteria), notable, folded };
}

interface Section {
  readonly title: string;
  readonly lines: string[];
}

/** What stands under each of our titles, and before the first. A line in a code block is no title. */
function readSections(text: string): readonly Section[] {
  let section: Section = { title: '', lines: [] };
  const sections = [section];
  let fence = '';
  for (const line of text.split('\n')) {
    const [, title] = /^#{1,3} +(.*)$/u.exec(line) ?? [];
    if (fence === '' && title !== undefined) sections.push((section = { title: title.trim(), lines: [] }));
    else section.lines.push(line);
    fence = fenceAfter(line, fence);
  }
  return sections;
}

/** The run of marks that ends the code block we are in; empty outside of one. */
function fenceAfter(line: string, fence: string): string {
  const [, run = ''] = /^ *(`{3,}|~{3,})/u.exec(line) ?? [];
  if (fence === '') return run;
  return run.startsWith(fence) && line.trim() === run ? '' : fence;
}

function isTitled({ title }: Section, wanted: string): boolean {
  return title.toLowerCase() === wanted.toLowerCase();
}

const item = /^ *(?:[-*+]|\d{1,9}[.)]) +(?:\[([ xX])\](?: +|$))?(.*)$/u;

/** The items of the list that are ticked or have no box, each with the lines that belong to it; what stands in a code block is none. */
function readCriteria(lines: readonly string[]): readonly string[] {
  const found: { readonly isWanted: boolean; text: string }[] = [];
  let fence = '';
  for (const line of lines) {
    const isCode = fence !== '';
    fence = fenceAfter(line, fence);
    if (isCode || fence !== '') continue;
    const [whole, box = 'x', text = ''] = item.exec(line) ?? [];
    const last = found.at(-1);
    if (whole !== undefined) found.push({ isWanted: box !== ' ', text });
    else if (last && /^ +\S/u.test(line)) last.text += ` ${line.trim()}`;
  }
  const wanted = found.filter(({ isWanted, text }) => isWanted && /[\p{L}\p{N}]/u.test(text));
  return wanted.map(({ text }) => text.replace(/\s+/gu, ' ').trim());
}

function renderRest(sections: readonly Section[], criteria: readonly string[]): string {
  return sections
    .filter((section) => !isTitled(section, titles.going))
    .map((section) => renderSection(section, criteria))
    .join('\n\n')
    .trim();
}

/** Before the first title there is what the comment is, and what people wrote there. */
function renderSection({ title, lines }: Section, criteria: readonly string[]): string {
  const text = lines.join('\n').trim();
  if (title === '') return text.replace(/^\*\*Backend Developer\*\*:.*/u, '').trim();
  const isList = isTitled({ title, lines }, titles.criteria);
  return `### ${title}\n\n${isList ? criteria.map((each) => `- ${each}`).join('\n') : text}`;
}
