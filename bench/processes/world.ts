import { environmentFor } from '../../test/e2e/world.ts';
import { loadFixture } from '../../test/demo/rehearsal.ts';
import { startGitHub } from '../../test/stand-ins/github/index.ts';
import { reply, startModel, text, toolUse, type MessageReply } from '../../test/stand-ins/model/index.ts';
import { serveCommands } from '../child.ts';

/** GitHub and the model, stood in for: runs that go this many turns in the real box and then wait for the model's answer. */
const turnsBeforeHold = 20;

const fixture = loadFixture('node-orders');
const github = await startGitHub({ strict: false });
const model = await startModel(async (_, turn) => (turn > turnsBeforeHold ? hold() : work(turn)));
const repository = await github.createRepository({
  owner: 'acme',
  name: 'orders',
  from: fixture.folder,
  collaborators: { ada: 'write' },
});
let held = 0;

serveCommands({
  environment: (dataDir: string) => environmentFor({ github, model, dataDir }),
  connect: (webhookUrl: string) => {
    github.connectWebhook(webhookUrl);
  },
  async open(count: number) {
    for (let opened = 0; opened < count; opened += 1)
      await github.openIssue(repository, { title: 'Add pages', body: 'To the list.', by: 'ada', labels: ['backend'] });
    github.disconnectWebhook();
    await github.settled();
  },
  held: () => held,
});

function hold(): Promise<MessageReply> {
  held += 1;
  return new Promise(() => undefined);
}

function work(turn: number): MessageReply {
  const path = Object.keys(fixture.task.changes)[0] ?? 'README.md';
  const says = text('I look at this part next and compare it with what the issue asks for.');
  if (turn % 3 === 0) return reply(says, toolUse('Read', { file_path: path }));
  if (turn % 3 === 1) return reply(says, toolUse('Bash', { command: `echo ${turn} >> notes.txt; cat ${path}` }));
  return reply(says, toolUse('Grep', { pattern: 'order', output_mode: 'content' }));
}
