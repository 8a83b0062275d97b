/**
 * Makes `openapi.json` (our routes) and `openapi-webhooks.jsonl` (our events) from GitHub's own description of its API:
 * schemas only, no prose.
 *
 * The description is in the package @octokit/openapi (385 MB installed), so fetch it outside the project:
 *   cd "$(mktemp -d)" && npm pack @octokit/openapi@23.0.2 && tar xzf octokit-openapi-*.tgz package/generated/api.github.com.json
 *   node test/stand-ins/github/reduce-openapi.ts <that folder>/package/generated/api.github.com.json
 * Run it again after adding a route or an event.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { isObject } from './route.ts';
import type { Body } from './route.ts';
import { routes } from './routes.ts';

const prose = new Set([
  'description',
  'title',
  'example',
  'examples',
  'default',
  'externalDocs',
  'discriminator',
  'deprecated',
  'readOnly',
  'nullable',
  'oneOf',
]);

/** Every event that the stand-in sends. */
const events = [
  'push',
  'create',
  'delete',
  ...['opened', 'edited', 'closed', 'reopened', 'labeled', 'unlabeled'].map((action) => `issues.${action}`),
  ...['locked', 'unlocked', 'deleted', 'transferred'].map((action) => `issues.${action}`),
  ...['created', 'edited', 'deleted'].map((action) => `issue_comment.${action}`),
  ...[
    'opened',
    'edited',
    'closed',
    'reopened',
    'labeled',
    'unlabeled',
    'locked',
    'synchronize',
    'ready_for_review',
  ].map((action) => `pull_request.${action}`),
  'repository_dispatch.sample',
  ...['submitted', 'dismissed'].map((action) => `pull_request_review.${action}`),
  ...['created', 'edited', 'deleted'].map((action) => `pull_request_review_comment.${action}`),
  ...['created', 'completed'].map((action) => `check_run.${action}`),
  ...['suspend', 'unsuspend', 'deleted'].map((action) => `installation.${action}`),
  ...['added', 'removed'].map((action) => `installation_repositories.${action}`),
  ...['archived', 'renamed', 'deleted'].map((action) => `repository.${action}`),
];

const [, , source] = process.argv;
if (source === undefined) throw new Error('Name the file: node reduce-openapi.ts path/to/api.github.com.json');
const whole: unknown = JSON.parse(readFileSync(source, 'utf8'));
write('./openapi.json', { operations: reduceRoutes(whole) });
write('./openapi-webhooks.jsonl', {
  webhooks: Object.fromEntries(events.map((name) => [name, payloadSchema(whole, name)])),
});

/** One line, as it is nothing to read or to edit by hand. */
function write(name: string, parts: Body): void {
  const schemas: Record<string, unknown> = {};
  collect(whole, parts, schemas);
  allowOutdated(schemas['pull-request-review-comment']);
  const made = { source: '@octokit/openapi 23.0.2, generated/api.github.com.json', ...parts, schemas };
  writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(made)}\n`);
}

/** The description of webhooks knows that an outdated comment has no line any more; the one of answers forgot. */
function allowOutdated(schema: unknown): void {
  const properties = at(schema, 'properties');
  if (!isObject(properties)) return;
  const nullable = ['position', 'line', 'start_line'].map((name) => [name, orNull({ type: 'integer' })] as const);
  Object.assign(properties, Object.fromEntries(nullable));
}

function reduceRoutes(description: unknown): Body {
  const operations: Record<string, unknown> = {};
  for (const { method, path } of routes) {
    const operation = at(description, 'paths', path, method.toLowerCase());
    if (!isObject(operation)) throw new Error(`GitHub has no ${method} ${path}`);
    operations[`${method} ${path}`] = reduceOperation(description, operation);
  }
  return { ...operations, ...corrected(operations) };
}

/** `issues.labeled` is described as `webhook-issues-labeled`. */
function payloadSchema(description: unknown, event: string): unknown {
  const schema = at(description, 'components', 'schemas', `webhook-${event.replace(/[._]/g, '-')}`);
  if (schema === undefined) throw new Error(`GitHub has no event ${event}`);
  return convert(schema);
}

/**
 * The list of installations is described inline from an old Enterprise version, with an account that would have to be a person
 * and an enterprise at once. GitHub answers with the same shape as for a single installation.
 */
function corrected(operations: Body): Body {
  const name = 'GET /app/installations';
  const single = at(operations, 'GET /app/installations/{installation_id}', 'responses', '200');
  const docs = at(operations, name, 'docs');
  return { [name]: { docs, responses: { 200: { type: 'array', items: single } } } };
}

function reduceOperation(description: unknown, operation: Body): Body {
  const request = at(operation, 'requestBody', 'content', 'application/json', 'schema');
  const answers = Object.entries(isObject(operation['responses']) ? operation['responses'] : {});
  const responses = answers
    .filter(([status]) => /^\d+$/.test(status))
    .map(([status, answer]) => [status, jsonSchema(follow(description, answer))]);
  return {
    docs: at(operation, 'externalDocs', 'url'),
    ...(request === undefined ? {} : { request: convert(request) }),
    responses: Object.fromEntries(responses),
  };
}

/** null for an answer without a body. */
function jsonSchema(answer: unknown): unknown {
  const content = at(answer, 'content');
  if (!isObject(content)) return null;
  const schema = at(content, 'application/json', 'schema') ?? at(content, 'application/scim+json', 'schema');
  return schema === undefined ? null : convert(schema);
}

/** Follows references into the schemas until nothing new turns up. */
function collect(description: unknown, value: unknown, schemas: Record<string, unknown>): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(description, item, schemas);
    return;
  }
  if (!isObject(value)) return;
  const name = typeof value['$ref'] === 'string' ? value['$ref'].split('/').at(-1) : undefined;
  if (name !== undefined && !(name in schemas)) {
    schemas[name] = convert(at(description, 'components', 'schemas', name));
    collect(description, schemas[name], schemas);
  }
  for (const item of Object.values(value)) collect(description, item, schemas);
}

/** OpenAPI 3.0 to JSON Schema: `nullable` becomes a type, and one of several that overlap is enough. */
function convert(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(convert);
  if (!isObject(schema)) return schema;
  if (typeof schema['$ref'] === 'string')
    return { $ref: schema['$ref'].replace('#/components/schemas/', 'github#/schemas/') };
  const kept = Object.entries(schema).filter(([key]) => !prose.has(key) && !key.startsWith('x-'));
  const plain: Record<string, unknown> = Object.fromEntries(
    kept.map(([key, value]) => [key, key === 'properties' ? convertEach(value) : convert(value)]),
  );
  if (Array.isArray(schema['oneOf'])) plain['anyOf'] = convert(schema['oneOf']);
  return schema['nullable'] === true ? orNull(plain) : plain;
}

/** A property may be called `title` or `description`: its name is not prose. */
function convertEach(properties: unknown): unknown {
  if (!isObject(properties)) return properties;
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, convert(schema)]));
}

function orNull(schema: Record<string, unknown>): Record<string, unknown> {
  return { anyOf: [schema, { type: 'null' }] };
}

function follow(description: unknown, value: unknown): unknown {
  if (!isObject(value) || typeof value['$ref'] !== 'string') return value;
  return at(description, ...value['$ref'].replace('#/', '').split('/'));
}

function at(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>((inner, name) => (isObject(inner) ? inner[name] : undefined), value);
}
