/** One whole job, between stand-ins on the loopback, and what came of it. */
import { labelCheapIssue, startWorld, unboxed } from '../e2e/world.ts';
import { cheapReply } from '../faults/cheap.ts';

await using world = await startWorld({ environment: unboxed, script: cheapReply });
const { repository } = await labelCheapIssue(world.github);
await world.outcome();
await world.idle();
process.stdout.write(`pull requests: ${repository.pulls().length}\n`);
