/** What the tool itself finds wrong (no such file, no match): the model reads its message and goes on. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
}

/** A change set that can't be published, or too much of it. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

export interface ToolReply {
  readonly text: string;
  readonly isError: boolean;
  readonly exitCode?: number | null; // of a command; for the host, not for the model
}

export type Input = Readonly<Record<string, unknown>>;

/** Refuses fields the tool doesn't have, naming those it has. */
export function checkFields(input: Input, known: readonly string[]): void {
  const unknown = Object.keys(input).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new ToolError(`Unknown parameter ${quote(unknown.join(', '))}. The parameters are ${known.join(', ')}.`);
}

export function readString(input: Input, name: string): string {
  const value = input[name];
  if (typeof value === 'string') return value;
  throw new ToolError(`The parameter ${name} is missing or not a string.`);
}

export function readOptionalString(input: Input, name: string): string | undefined {
  return isAbsent(input[name]) ? undefined : readString(input, name);
}

export function readBoolean(input: Input, name: string, byDefault: boolean): boolean {
  const value = input[name];
  if (isAbsent(value)) return byDefault;
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new ToolError(`The parameter ${name} must be true or false.`);
}

/** A whole number from `least` to `most`; models sometimes send it as a string of digits. */
export function readNumber(
  input: Input,
  name: string,
  { least, most }: { least: number; most: number },
): number | undefined {
  const given = input[name];
  if (isAbsent(given)) return undefined;
  const value = typeof given === 'string' && /^\d{1,12}$/.test(given) ? Number(given) : given;
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new ToolError(`The parameter ${name} must be a whole number from ${least} to ${most}.`);
}

export function quote(text: string): string {
  return JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}…` : text);
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}
