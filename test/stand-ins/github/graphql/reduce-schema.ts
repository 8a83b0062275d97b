/**
 * Makes `schema.graphql` from GitHub's public GraphQL schema: the types and fields of `kept-fields.ts`, no prose.
 *
 * The schema is in the package @octokit/graphql-schema (MIT); fetch it outside the project:
 *   cd "$(mktemp -d)" && npm pack @octokit/graphql-schema@15.26.1 && tar xzf octokit-graphql-schema-*.tgz
 *   node test/stand-ins/github/graphql/reduce-schema.ts <that folder>/package/schema.graphql
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { isTypeDefinitionNode, Kind, parse, print, visit } from 'graphql';
import type {
  ASTNode,
  DefinitionNode,
  FieldDefinitionNode,
  InterfaceTypeDefinitionNode,
  ObjectTypeDefinitionNode,
} from 'graphql';
import { keptFields } from './kept-fields.ts';

const [, , source] = process.argv;
if (source === undefined) throw new Error('Name the file: node reduce-schema.ts path/to/schema.graphql');
const definitions = parse(readFileSync(source, 'utf8')).definitions.filter(isTypeDefinitionNode);
const whole = new Map(definitions.map((each) => [each.name.value, each]));
const kept = new Map<string, DefinitionNode>();
for (const name of Object.keys(keptFields)) keep(name);
const text = [...kept.values()].map((definition) => print(bare(definition))).join('\n\n');
writeFileSync(new URL('./schema.graphql', import.meta.url), `${text}\n`);

/** The type, and whatever its fields and arguments name. */
function keep(name: string): void {
  if (kept.has(name) || ['Int', 'Float', 'String', 'Boolean', 'ID'].includes(name)) return;
  const found = whole.get(name);
  if (found === undefined) throw new Error(`GitHub has no type ${name}`);
  const isComposite = found.kind === Kind.OBJECT_TYPE_DEFINITION || found.kind === Kind.INTERFACE_TYPE_DEFINITION;
  if (isComposite && !(name in keptFields)) throw new Error(`say which fields of ${name} are kept`);
  const reduced = isComposite ? withKeptFields(found) : found;
  kept.set(name, reduced);
  for (const each of namesIn(reduced)) keep(each);
}

function withKeptFields<T extends ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode>(type: T): T {
  const wanted = keptFields[type.name.value] ?? [];
  const fields: readonly FieldDefinitionNode[] = (type.fields ?? []).filter(({ name }) => wanted.includes(name.value));
  if (fields.length < wanted.length) throw new Error(`GitHub's ${type.name.value} lacks a field that is kept`);
  const interfaces = (type.interfaces ?? []).filter(({ name }) => {
    const asked = keptFields[name.value];
    return asked?.every((field) => wanted.includes(field)) ?? false;
  });
  return { ...type, fields, interfaces };
}

function namesIn(node: ASTNode): readonly string[] {
  const names: string[] = [];
  visit(bare(node), { NamedType: ({ name }) => void names.push(name.value) });
  return names;
}

/** Without descriptions and directives, which only GitHub's own pages need. */
function bare<T extends ASTNode>(node: T): T {
  return visit(node, {
    StringValue: (_, key) => (key === 'description' ? null : undefined),
    Directive: () => null,
  });
}
