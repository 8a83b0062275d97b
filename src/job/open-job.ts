import type { Job, Plan, WorkRequest } from '../domain/index.ts';

/**
 * The job that carries a request out with the means its plan grants. `jobId` is the id of its queue entry. What the plan says is to be
 * kept in mind, and was seen, takes the place of the request's own words.
 */
export function openJob(jobId: string, request: WorkRequest, plan: Plan): Job {
  const { instruction = request.instruction, seen = request.seen } = plan;
  return { id: jobId, request: { ...request, instruction, seen }, plan };
}
