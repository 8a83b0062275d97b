import type { CommentFacts, Permission, RepositoryClient } from './github/index.ts';

/** Those of the comments that people with write permission wrote; the only ones that a model gets to read. */
export async function gatherTrusted<T extends Pick<CommentFacts, 'author'>>(
  comments: readonly T[],
  client: RepositoryClient,
): Promise<readonly T[]> {
  const people = comments.filter(({ author }) => author.type === 'User');
  const permissions = await permissionsOf(people, client);
  return people.filter(({ author }) => canWrite(permissions.get(author.id)));
}

async function permissionsOf(
  comments: readonly Pick<CommentFacts, 'author'>[],
  client: RepositoryClient,
): Promise<Map<number, Permission>> {
  const authors = new Map(comments.map(({ author }) => [author.id, author]));
  const entries = [...authors].map(async ([id, author]) => [id, await client.permissionOf(author)] as const);
  return new Map(await Promise.all(entries));
}

function canWrite(permission: Permission | undefined): boolean {
  return permission === 'admin' || permission === 'maintain' || permission === 'write';
}
