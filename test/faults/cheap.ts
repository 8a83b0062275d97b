import {
  hang,
  reply,
  text,
  toolUse,
  type MessageReply,
  type ModelRequest,
  type Reply,
} from '../stand-ins/model/index.ts';
import type { FileContent } from '../stand-ins/github/index.ts';

/** The smallest repository with a check of its own: nothing to install, one command, no stack that anything else is detected from. */
export const cheapFiles: Readonly<Record<string, FileContent>> = {
  'README.md': '# Cheap\n',
  'value.txt': 'v\n',
  'test.sh': 'grep -q v value.txt\n',
  '.github/backend.yml': 'checks:\n  test: sh test.sh\n',
};

/** Title of the issue whose work is under way in a repository; the model finds its repository by it. */
export function titleFor(repository: string): string {
  return `Please add the value for ${repository}`;
}

/** The repository that a request to the model is about. */
export function repositoryOf(request: ModelRequest): string {
  return /add the value for ([\w-]+)/.exec(JSON.stringify(request.body.messages[0]))?.[1] ?? '';
}

/** The two things the model does. */
export type Act = 'write' | 'submit';

/** It writes its file, once more when it hears that the call was interrupted, then hands in: what is there already is there. */
export function actOf({ body }: ModelRequest): Act {
  const isInterrupted = JSON.stringify(body.messages.at(-1)).includes('restarted before this call');
  return body.messages.length === 1 || isInterrupted ? 'write' : 'submit';
}

export function cheapReply(request: ModelRequest): MessageReply {
  const repository = repositoryOf(request);
  if (actOf(request) === 'write')
    return reply(
      text('I add the file.'),
      toolUse('Write', { file_path: 'new.txt', content: `value of ${repository}\n` }),
    );
  return toolUse('Submit', {
    title: `Add the value for ${repository}`,
    summary: 'The value has a file of its own now.',
    tests: [],
    recommendations: [],
    checklist: [],
  });
}

/** The same, falling silent half-way. */
export function halfReply(request: ModelRequest): Reply {
  return hang(cheapReply(request), actOf(request) === 'write' ? 'text' : 'arguments');
}
