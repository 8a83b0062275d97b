/** A folder of the repository that a stack row takes for a project of its kind. Paths in it are relative to that folder. */
export interface Project {
  /** Path of the folder, empty for the repository's root. */
  readonly folder: string;
  readonly files: ReadonlySet<string>;
  /** Texts of the files that the row asked to read, by path. */
  readonly texts: ReadonlyMap<string, string>;
  /** Texts of its files that may name registries, by path. */
  readonly registryTexts: ReadonlyMap<string, string>;
}

/** What a row knows to run in one project. A missing command means that there is nothing to run. */
export interface ProjectCommands {
  readonly install?: string;
  readonly types?: string;
  readonly lint?: string;
  readonly test?: string;
  /** True when the install step of the root covers the projects below it. */
  readonly installsNested?: boolean;
  /** The command that runs one test file alone; undefined when the file holds no test or the runner is unknown. */
  testFile(path: string, text: string): string | undefined;
}

/** One kind of backend project: a row of data. A new stack is a new row in `stacks.ts`. */
export interface StackRow {
  readonly name: string;
  readonly language: string;
  /** Names of files whose presence makes a folder a project of this kind. */
  readonly manifests: RegExp;
  /** Paths, relative to the project, of the files whose text decides its commands and frameworks. */
  readonly reads: RegExp;
  /** Hosts of the public registries that its package managers need, and where those send them on to as long as nobody else can keep things there. */
  readonly registries: readonly string[];
  /** Paths, relative to the project, of files in which a repository names registries of its own. They are told, never followed. */
  readonly registryFiles: RegExp;
  /** Frameworks by what their name looks like in the texts that were read. */
  readonly frameworks: readonly { readonly name: string; readonly pattern: RegExp }[];
  /** Whether a file, by its path in the repository, belongs to tests: the tests themselves and what only they read. */
  readonly testFiles: RegExp;
  commands(project: Project): ProjectCommands;
}

/** A project that was found, with its row's answers. */
export interface Stack {
  readonly name: string;
  readonly language: string;
  readonly folder: string;
  readonly frameworks: readonly string[];
  readonly registries: readonly string[];
  /** Hosts that the project's own files name as registries, with the path of the file in the repository. */
  readonly namedRegistries: ReadonlyMap<string, string>;
  readonly commands: ProjectCommands;
  /** True when the root's install step already installs this project. */
  readonly isInstalledByRoot: boolean;
  isTestFile(path: string): boolean;
}

/** A word that bash takes as it is. A path that starts with a dash gets `./`, so that no program takes it for an option. */
export function quote(path: string): string {
  const plain = path.startsWith('-') ? `./${path}` : path;
  return /^[\w./@+-]+$/.test(plain) ? plain : `'${plain.replaceAll("'", String.raw`'\''`)}'`;
}
