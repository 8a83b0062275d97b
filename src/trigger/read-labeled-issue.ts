import type { Account, Repository, WorkRequest } from '../domain/index.ts';
import { askByLabel } from './triggers.ts';

/** An issue that carries a label, as GitHub lists it, and who put the label on when. */
export interface LabeledIssue {
  readonly repository: Repository;
  readonly issue: { readonly number: number; readonly title: string; readonly body: string };
  readonly label: string;
  readonly labeling: { readonly actor: Account; readonly at: string };
}

/** The wish that a delivery would have brought, had it arrived: read from the issue itself. */
export function readLabeledIssue({ repository, issue, label, labeling }: LabeledIssue): WorkRequest {
  return {
    ...askByLabel(issue.number, label, labeling.at),
    repository,
    subject: { kind: 'issue', number: issue.number },
    seen: { title: issue.title, body: issue.body },
    sender: labeling.actor,
    round: 0,
  };
}
