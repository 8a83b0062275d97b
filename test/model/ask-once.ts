import { openDoor, question } from './ask.ts';

/** Run as a process of its own by environment.test.ts: `node ask-once.ts <url> <key>` asks once and prints the answer. */
const [, , url = '', apiKey = ''] = process.argv;
const { model } = openDoor({ url, apiKey });
const resolved = await model.resolve('claude-sonnet-4-5');
const answer = await model.turn(question({ model: resolved.id }));
process.stdout.write(JSON.stringify(answer.content));
