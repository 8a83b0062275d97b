/** One measured number. Ratios to the anchor come from the same session on the same machine; nothing here is ever asserted. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: 'ms' | 'MB' | 'deliveries';
  /** What the number is compared with, measured beside it. */
  readonly anchor?: { readonly what: string; readonly value: number };
  /** The most it may be, in the same unit. */
  readonly goal?: number;
}

/** Half of the values are at most this large. */
export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** The nearest-rank percentile, 0 < share <= 100. Throws when there are no values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil((share / 100) * sorted.length) - 1)];
  if (value === undefined) throw new Error('There is nothing to take a percentile of.');
  return value;
}

const heads = ['what', 'measured', 'anchor', 'ratio', 'goal', 'reached'];

/** A Markdown table, one row a figure, its columns padded for the terminal. */
export function renderTable(figures: readonly Figure[]): string {
  const rows = [heads, ...figures.map(toCells)];
  const widths = heads.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

function toCells({ what, value, unit, anchor, goal }: Figure): string[] {
  return [
    what,
    `${short(value)} ${unit}`,
    anchor ? `${anchor.what}: ${short(anchor.value)} ${unit}` : '',
    anchor && anchor.value > 0 ? `${short(value / anchor.value)} ×` : '',
    goal === undefined ? '' : `≤ ${goal} ${unit}`,
    goal === undefined ? '' : value <= goal ? 'yes' : 'no',
  ];
}

/** Three digits are more than a shared machine can vouch for. */
function short(value: number): string {
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
