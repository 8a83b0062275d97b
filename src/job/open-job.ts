import type { Job, Plan, WorkRequest } from '../domain/index.ts';

/** The job that carries a request out with the means its plan grants. `jobId` is the id of its queue entry. */
export function openJob(jobId: string, request: WorkRequest, plan: Plan): Job {
  return { id: jobId, request, plan };
}
