import { z } from 'zod';
import type { Submission } from '../domain/index.ts';

/** One kind of result that a run can hand in. */
export interface SubmissionKind {
  /** What the model is told of the tool that hands it in. */
  readonly description: string;
  readonly input: z.ZodObject;
  /** Whether the state of the work tree is a part of it. */
  readonly changesFiles: boolean;
  /** The submission in a tool input, or what is wrong with it, for the model. */
  readonly read: (input: unknown) => SubmissionReading;
  /** The end of the prompt: what is to be done this time. `checks` are those that the host will run. */
  readonly closing: (checks: readonly unknown[]) => string;
}

export type SubmissionReading = { readonly submission: Submission } | { readonly fault: string };

/** Text that must not be blank, of at most `max` characters. */
export function text(max: number): z.ZodString {
  return z.string().trim().min(1).max(max);
}

/** Reads a tool input by its closed schema. */
export function readAs<T extends z.ZodObject>(
  schema: T,
  toSubmission: (given: z.infer<T>) => Submission,
): SubmissionKind['read'] {
  return (input) => {
    const result = schema.safeParse(input);
    return result.success ? { submission: toSubmission(result.data) } : { fault: faultsOf(result.error) };
  };
}

const longestFaults = 2_000;

/** What is wrong with an input, for the model. Keys and counts come from the model, and may be anything. */
export function faultsOf(error: z.ZodError): string {
  return z.prettifyError(error).slice(0, longestFaults).toWellFormed();
}
