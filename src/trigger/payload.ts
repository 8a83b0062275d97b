import { z } from 'zod';

/** Text as it may be stored: PostgreSQL takes neither NUL nor half a surrogate pair, and no other control character helps anyone. */
const Text = z.string().transform((text) => text.toWellFormed().replace(/[^\P{Cc}\n\r\t]/gu, ' '));
const Id = z.int().positive();
const Time = z.iso.datetime({ offset: true });
const Label = z.object({ name: Text });

/**
 * The fields we read of an `issues` or `issue_comment` payload; everything else in it is left alone.
 * `label` comes with `issues.labeled` only, `comment` with `issue_comment` only, `issue.pull_request` when the issue is a pull request.
 */
export const Payload = z.object({
  repository: z.object({ id: Id, name: Text, owner: z.object({ login: Text }) }),
  installation: z.object({ id: Id }).optional(),
  sender: z.object({ id: Id, login: Text, type: z.string() }),
  issue: z.object({
    number: Id,
    title: Text,
    body: Text.nullish(),
    created_at: Time,
    updated_at: Time,
    labels: z.array(Label).default([]),
    pull_request: z.object({}).nullish(),
  }),
  label: Label.optional(),
  comment: z
    .object({
      id: Id,
      created_at: Time,
      body: Text.nullable(),
      performed_via_github_app: z.object({ id: Id }).nullish(),
    })
    .optional(),
});
export type Payload = z.infer<typeof Payload>;
