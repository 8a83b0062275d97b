import type { Page } from './page.ts';

/** In TeX, these colour text, shrink it, move it away or leave it out. */
const hiding =
  /\\(?:(?:text|page|define)?color|f?colorbox|[hv]?phantom|smash|(?:math)?[rlc]lap|tiny|scriptscriptstyle|style|class|cssId|data|m?kern|[hm]skip|[hm]space|raise(?:box)?|lower|def|let|(?:re)?newcommand|label|bbox|iffalse)(?![A-Za-z])|(?<!\\)%/u;

/** A formula, or code, in which a dollar sign is none. */
const spans = /\$\$[^$]*\$\$|\$`[^`]*`\$|(?<code>`+)(?!`)[^]*?[^`]\k<code>(?!`)|\$[^$\n]+\$/gu;

/** A text without the formulas that can hide what they say. `isFormula`: it is one as a whole. */
export function withoutHidingFormulas(text: string, page: Page, isFormula = false): string {
  if (!hiding.test(text) || !(isFormula || text.includes('$'))) return text;
  if (isFormula) return leaveOut(text, page);
  return text.replace(spans, (span) => (!span.startsWith('`') && hiding.test(span) ? leaveOut(span, page) : span));
}

function leaveOut(formula: string, page: Page): string {
  page.leaveOut('formula', formula.length);
  return '[formula]';
}
