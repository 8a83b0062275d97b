import { aSubmission } from '../../test/agent/builders.ts';
import { reply, startModel, text, toolUse, type MessageReply } from '../../test/stand-ins/model/index.ts';
import { serveCommands } from '../child.ts';

/** A model that calls a tool this many times and then hands in, for whoever asks. */
serveCommands({
  async listen(turns: number) {
    const model = await startModel((_, turn) => (turn < turns ? work(turn) : toolUse('Submit', aSubmission)));
    return { url: model.url, apiKey: model.apiKey };
  },
});

function work(turn: number): MessageReply {
  const says = text(`Step ${turn}: I look at this part and compare it with what the issue asks for.`);
  const path = `src/part-${turn}.ts`;
  if (turn % 3 === 0) return reply(says, toolUse('Read', { file_path: path }));
  if (turn % 3 === 1) return reply(says, toolUse('Bash', { command: `npm test -- ${path}`, description: 'Test it' }));
  return reply(says, toolUse('Edit', { file_path: path, old_string: 'one'.repeat(20), new_string: 'two'.repeat(20) }));
}
