/** The door to GitHub: facts in, single effects out, one repository at a time with the least rights. */
export type {
  Annotation,
  AppIdentity,
  CheckRunContent,
  CommentFacts,
  GitHub,
  IssueFacts,
  Permission,
  PullFacts,
  RepositoryClient,
  RepositoryFacts,
  TreeItem,
} from './client.ts';
export { createGitHub, type GitHubOptions } from './github.ts';
