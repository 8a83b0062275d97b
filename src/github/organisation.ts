import { readRefusal, type Caller, type Target } from '../calls/index.ts';
import { BotError, type OrganisationFile } from '../domain/index.ts';
import { readFileText } from './facts.ts';

type Read = (installationId: number, owner: string, path: string) => Promise<OrganisationFile | undefined>;

/** What was found, or that there was nothing, counts for so long. */
const freshMs = 60_000;

/** Reads files of owners' repositories `.github`, each at most once a minute whoever asks. What failed is not remembered. */
export function createOrganisationFiles(callerFor: (target: Target) => Caller, elapsed: () => number): Read {
  const known = new Map<string, { readonly at: number; readonly file: ReturnType<Read> }>();

  return (installationId, owner, path) => {
    for (const [key, { at }] of known) if (elapsed() - at >= freshMs) known.delete(key);
    const key = `${installationId}/${owner}/${path}`;
    const found = known.get(key);
    if (found) return found.file;
    const file = read(callerFor({ installationId, owner, name: '.github' }), `${owner}/.github`, path);
    known.set(key, { at: elapsed(), file });
    file.catch(() => known.delete(key));
    return file;
  };
}

/** By a token for that one repository of the installation. There is none where the installation does not have it. */
async function read(caller: Caller, repository: string, path: string): ReturnType<Read> {
  try {
    const text = await readFileText(caller, 'organisationFile', { path });
    return text === undefined ? undefined : { repository, text };
  } catch (error) {
    if (isNotInstalled(error)) return undefined;
    throw error;
  }
}

/** GitHub answers 422 to who wants a token for a repository that the installation has not. */
function isNotInstalled(error: unknown): boolean {
  return error instanceof BotError && error.code === 'github-gone' && readRefusal(error.cause).status === 422;
}
