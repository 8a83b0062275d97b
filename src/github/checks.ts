import type { Caller } from './caller.ts';
import type { Annotation, CheckRunContent, RepositoryClient } from './client.ts';

/** GitHub takes at most this many annotations a call; later calls add to them. */
const annotationsPerCall = 50;

/** Check runs of ours on commits. */
export function createChecks(caller: Caller, appId: number): Pick<RepositoryClient, 'checkRuns' | 'createCheckRun'> {
  return {
    async checkRuns(headSha, name) {
      const pages = await caller.all('checkRuns', (kit, at, page) =>
        kit.rest.checks.listForRef({ ...at, ref: headSha, check_name: name, filter: 'all', per_page: 100, page }),
      );
      const ours = pages.flatMap((page) => page.check_runs).filter((run) => run.app?.id === appId);
      return ours.map(({ id, conclusion }) => ({ id, conclusion }));
    },
    async createCheckRun(content) {
      const chunks = chunk(content.annotations);
      const { id, html_url } = await caller.call('createCheckRun', (kit, at) =>
        kit.rest.checks.create({
          ...at,
          name: content.name,
          head_sha: content.headSha,
          status: 'completed',
          conclusion: content.conclusion,
          ...(content.detailsUrl !== undefined && { details_url: content.detailsUrl }),
          output: outputOf(content, chunks[0] ?? []),
        }),
      );
      for (const annotations of chunks.slice(1)) {
        await caller.call('updateCheckRun', (kit, at) =>
          kit.rest.checks.update({ ...at, check_run_id: id, output: outputOf(content, annotations) }),
        );
      }
      return { id, htmlUrl: html_url ?? '' };
    },
  };
}

function chunk(annotations: readonly Annotation[]): Annotation[][] {
  const count = Math.ceil(annotations.length / annotationsPerCall);
  return Array.from({ length: count }, (_, index) =>
    annotations.slice(index * annotationsPerCall, (index + 1) * annotationsPerCall),
  );
}

function outputOf({ title, summary }: CheckRunContent, annotations: readonly Annotation[]) {
  return {
    title,
    summary,
    annotations: annotations.map(({ path, line, level, message }) => ({
      path,
      start_line: line,
      end_line: line,
      annotation_level: level,
      message,
    })),
  };
}
