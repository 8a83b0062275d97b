import { z } from 'zod';
import { BotError, type Change, type ChangeSet } from '../domain/index.ts';

const maxFiles = 1000;
const maxBytes = 10_000_000;

/** A change set as it comes out of a box: untrusted. */
const WireChanges = z.array(
  z.discriminatedUnion('type', [
    z.object({
      type: z.literal('put'),
      path: z.string(),
      mode: z.enum(['100644', '100755', '120000']),
      bytes: z.string(),
    }),
    z.object({ type: z.literal('delete'), path: z.string() }),
  ]),
);

/** Checks what a box says it changed, whatever the tool host promised. Throws BotError `change-set-refused` naming the path. */
export function readChangeSet(value: unknown): ChangeSet {
  const wire = WireChanges.safeParse(value);
  if (!wire.success) throw new BotError('box-lost', 'The box sent a change set that is not one.');
  if (wire.data.length > maxFiles)
    throw refused(`The change holds ${wire.data.length} files; at most ${maxFiles} can be published.`);
  const seen = new Set<string>();
  const changes = wire.data.map((change): Change => {
    checkPath(change.path);
    if (seen.has(change.path)) throw refused(`The change holds ${JSON.stringify(change.path)} twice.`);
    seen.add(change.path);
    return change.type === 'delete' ? change : { ...change, bytes: Buffer.from(change.bytes, 'base64') };
  });
  const total = changes.reduce((sum, change) => sum + (change.type === 'put' ? change.bytes.length : 0), 0);
  if (total > maxBytes) throw refused(`The change holds ${total} bytes; at most ${maxBytes} can be published.`);
  return changes.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The change set as it travels into a box. */
export function writeChangeSet(changes: ChangeSet): unknown {
  return changes.map((change) => {
    checkPath(change.path);
    return change.type === 'delete' ? change : { ...change, bytes: Buffer.from(change.bytes).toString('base64') };
  });
}

/** Throws unless the path is a plain one inside a repository: relative, without `..`, without anything that means git's own folder. */
export function checkPath(path: string): void {
  const problem = findProblem(path);
  if (problem !== undefined) throw refused(`The path ${JSON.stringify(path.slice(0, 300))} ${problem}.`);
}

function findProblem(path: string): string | undefined {
  if (path === '') return 'is empty';
  if (!path.isWellFormed()) return 'is not valid UTF-8';
  if (Buffer.byteLength(path) > 4096) return 'is longer than 4096 bytes';
  if (path.includes('\0')) return 'holds a NUL character';
  if (path.startsWith('/')) return 'is absolute';
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return 'does not stay inside the repository';
  if (parts.some((part) => Buffer.byteLength(part) > 255)) return 'has a name longer than 255 bytes';
  if (parts.some(isGitName)) return "is git's own folder, or means it on some systems";
  return undefined;
}

/** Case, ignorable characters, trailing dots, short names, streams and the other slash folded, as file systems of other systems do. */
function isGitName(name: string): boolean {
  return name.split('\\').some((part) => {
    const folded = part
      .normalize('NFKC')
      .replace(/[\p{Cf}\p{Mn}\p{Cc}]/gu, '')
      .replace(/[. ]+$/, '')
      .toLowerCase();
    return folded === '.git' || /^git~\d+$/.test(folded) || folded.startsWith('.git:');
  });
}

function refused(message: string): BotError {
  return new BotError('change-set-refused', message);
}
