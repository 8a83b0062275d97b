import { afterAll, beforeAll, expect, it } from 'vitest';
import { readSettings } from '../../src/settings/index.ts';
import { cheapFiles, cheapReply, repositoryOf, titleFor } from '../faults/cheap.ts';
import { commandOf, descendantsOf } from '../sandbox/process-tree.ts';
import { toolUse, type Script } from '../stand-ins/model/index.ts';
import { startWorld, until, type World } from './world.ts';

/** What people read when the box denies something: the work goes on or ends, and the status comment that GitHub holds says why. */

const script: Script = (request) => {
  const repository = repositoryOf(request);
  if (repository === 'greedy')
    return toolUse('Bash', { command: 'head -c 20M /dev/zero > big; head -c 20M /dev/zero > ~/big; sleep 634' });
  return cheapReply(request);
};

let world: World;
beforeAll(async () => {
  world = await startWorld({ script, limits: { diskBytes: 24 * 1024 ** 2 } });
});
afterAll(() => world[Symbol.asyncDispose]());

/** Asks for work in a repository with these settings and gives the last word of the status comment. */
async function askIn(name: string, settings: string) {
  const files = { ...cheapFiles, '.github/backend.yml': `checks:\n  test: sh test.sh\n${settings}` };
  const place = { owner: 'acme', name, files, collaborators: { ada: 'write' } } as const;
  const repository = await world.github.createRepository(place);
  const asked = { title: titleFor(name), body: 'One file, please.', by: 'ada', labels: ['backend'] };
  const issue = await world.github.openIssue(repository, asked);
  await world.idle();
  const comments = repository.comments(issue.number);
  expect(comments).toHaveLength(1);
  return { repository, status: comments[0]?.body ?? '' };
}

/** The settings that a comment offers, as our own reader takes them. */
function offeredIn(status: string): readonly string[] {
  const reading = readSettings(/```yaml\n([^]*?)```/.exec(status)?.[1]);
  return 'settings' in reading ? reading.settings.network.allow : [];
}

const setup = 'curl -s http://files.example.com/a.tgz; curl -s http://169.254.169.254/latest; echo done';

it('D3: names the hosts that the install step did not get, the command that wanted them and the lines that would allow them', async () => {
  const { repository, status } = await askIn(
    'needy',
    `setup: "${setup}"\nnetwork: { allow: [packages.example.com] }\n`,
  );
  expect(status).toMatch(/\*\*Backend Developer\*\*: pull request #2/);
  expect(status).toContain(`**Not reached while setting up**: \`${setup}\` asked for hosts`);
  expect(status).toContain('- `files.example.com:80` is not allowed so far\n- `169.254.169.254:80` is an address');
  expect(offeredIn(status)).toEqual(['packages.example.com', 'files.example.com']);
  expect(repository.pulls()[0]?.body).toContain('`files.example.com:80` is not allowed so far');
});

it('D3, D11: ends a job whose commands fill the disk, says so beside what its install step was refused, and leaves nothing of it behind', async () => {
  const { repository, status } = await askIn('greedy', 'setup: "curl -sf http://files.example.com/a.tgz"\n');
  expect(status).toMatch(
    /failed at step implement: .*The work tree and the home folder grew beyond 24 MiB, so the work was ended\. .*write less/,
  );
  expect(status).toContain('`curl -sf http://files.example.com/a.tgz`, which failed, asked for hosts');
  expect(offeredIn(status)).toEqual(['files.example.com']);
  expect(repository.pulls()).toEqual([]);
  await world.tidy(); // work tree and home folder were in the job's folder
  await until(() => !descendantsOf(process.pid).some(({ pid }) => commandOf(pid) === 'sleep 634') || undefined);
});
