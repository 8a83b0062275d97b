import { z } from 'zod';

/** Text as it may be stored: PostgreSQL takes neither NUL nor half a surrogate pair, and no other control character helps anyone. */
export const Text = z.string().transform((text) => text.toWellFormed().replace(/[^\P{Cc}\n\r\t]/gu, ' '));
const Id = z.int().positive();
const Time = z.iso.datetime({ offset: true });
const Label = z.object({ name: Text });
const App = z.object({ id: Id }).nullish();

const Subject = z.object({
  number: Id,
  title: Text,
  body: Text.nullish(),
  created_at: Time,
  updated_at: Time,
  labels: z.array(Label).default([]),
  user: z.object({ login: z.string(), type: z.string().optional() }).nullish(),
  draft: z.boolean().nullish(),
  head: z.object({ ref: z.string(), sha: z.string(), repo: z.object({ id: Id }).nullish() }).optional(),
  pull_request: z.object({}).nullish(),
});

/**
 * The fields we read of a payload about an issue or a pull request; everything else in it is left alone. `issue` comes with `issues` and
 * `issue_comment` (where a pull request is an issue that has `pull_request`), `pull_request` with what is about reviews, `label` with
 * `issues.labeled` only, `comment` with both kinds of comment, `changes` with what was edited.
 */
export const Payload = z.object({
  repository: z.object({ id: Id, name: Text, owner: z.object({ login: Text }) }),
  installation: z.object({ id: Id }).optional(),
  sender: z.object({ id: Id, login: Text, type: z.string() }),
  issue: Subject.optional(),
  pull_request: Subject.optional(),
  label: Label.optional(),
  comment: z
    .object({
      id: Id,
      created_at: Time,
      updated_at: Time,
      body: Text.nullable(),
      performed_via_github_app: App,
    })
    .optional(),
  review: z.object({ id: Id, body: Text.nullable(), state: z.string(), submitted_at: Time.nullish() }).optional(),
  changes: z.object({ body: z.object({ from: Text }).optional() }).optional(),
});
export type Payload = z.infer<typeof Payload>;

/** The issue or pull request that a delivery is about. */
export interface About {
  readonly kind: 'issue' | 'pull_request';
  readonly subject: z.infer<typeof Subject>;
  /** Whether it comes from the lines of code of a pull request; its comments are not those of its conversation. */
  readonly isOnCode: boolean;
}

/** undefined when the payload has neither, as no delivery that we know of does. */
export function readAbout({ issue, pull_request: pull }: Payload): About | undefined {
  if (pull !== undefined) return { kind: 'pull_request', subject: pull, isOnCode: true };
  return issue && { kind: issue.pull_request ? 'pull_request' : 'issue', subject: issue, isOnCode: false };
}

/**
 * Whether our own name has to be known to read it: a line of what somebody wrote begins with a name, or an App sent it, which may be ourselves.
 */
export function mayMention(payload: unknown): boolean {
  const { success, data } = Payload.pick({ comment: true, review: true }).safeParse(payload);
  if (success && /(?:^|[\r\n]) {0,3}@/u.test(data.comment?.body ?? data.review?.body ?? '')) return true;
  const from = Payload.pick({ sender: true }).safeParse(payload);
  return from.success && from.data.sender.type === 'Bot';
}
