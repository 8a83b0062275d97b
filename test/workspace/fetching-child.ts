/** Opens a workspace in a process of its own, which a test kills: its last argument is the options as JSON. */
import { openWorkspace, type WorkspaceOptions } from '../../src/workspace/index.ts';
import { token } from './rig.ts';

const given = JSON.parse(process.argv.at(-1) ?? '{}') as Omit<WorkspaceOptions, 'token' | 'signal'>;
await openWorkspace({ ...given, token: async () => token, signal: new AbortController().signal });
