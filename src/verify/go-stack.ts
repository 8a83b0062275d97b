import type { Project, ProjectCommands, StackRow } from './stack.ts';
import { quote } from './stack.ts';

/** Go modules. */
export const goStack: StackRow = {
  name: 'go',
  language: 'Go',
  manifests: /^go\.mod$/,
  reads: /^go\.mod$/,
  // The proxy sends on to a host for everybody's files, storage.googleapis.com, at times: that one has to be allowed by name.
  registries: ['proxy.golang.org', 'sum.golang.org'],
  registryFiles: /^(go\.env|\.envrc|Makefile)$/,
  frameworks: [
    { name: 'gin', pattern: /github\.com\/gin-gonic\/gin\b/ },
    { name: 'echo', pattern: /github\.com\/labstack\/echo\b/ },
    { name: 'chi', pattern: /github\.com\/go-chi\/chi\b/ },
  ],
  testFiles: /_test\.go$|(^|\/)testdata\//,
  commands: goCommands,
};

function goCommands(project: Project): ProjectCommands {
  const needsModules =
    /^\s*require\b/m.test(project.texts.get('go.mod') ?? '') && !project.files.has('vendor/modules.txt');
  const hasTests = [...project.files].some((path) => path.endsWith('_test.go'));
  return {
    ...(needsModules && { install: 'go mod download' }),
    lint: 'go vet ./...',
    ...(hasTests && { test: 'go test ./...' }),
    testFile: testFileCommand,
  };
}

/** Go runs packages, not files: the tests that the file defines, by their names. */
function testFileCommand(path: string, text: string): string | undefined {
  if (!path.endsWith('_test.go')) return undefined;
  const names = [...text.matchAll(/^func ((?:Test|Example|Fuzz)\w*)\(/gm)].map(([, name = '']) => name);
  const tests = names.filter((name) => name !== 'TestMain');
  if (tests.length === 0) return undefined;
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
  return `go test -count=1 ${quote(folder === '' ? '.' : `./${folder}`)} -run '^(${tests.join('|')})$'`;
}
