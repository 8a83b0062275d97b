/** A stand-in for the Messages API over real HTTP: strict, stateful, scripted; for tests and the demo. */
export { cutConnection } from '../intercept.ts';
export { startModel } from './server.ts';
export type { ModelOptions, ModelPhase, ModelStandIn, Refusal } from './server.ts';
export {
  brokenToolUse,
  cut,
  empty,
  errorAfter,
  fault,
  hang,
  paused,
  refusal,
  reply,
  stopped,
  text,
  thinking,
  toolUse,
  truncatedToolUse,
} from './reply.ts';
export type { Block, Fault, MessageReply, Place, Reply, Script } from './reply.ts';
export type { ModelRequest, RequestBody, RequestContent, RequestMessage, RequestTool } from './request.ts';
export type { RequestUsage } from './cache.ts';
export { modelCatalogue } from './models.ts';
export type { ModelEntry } from './models.ts';
