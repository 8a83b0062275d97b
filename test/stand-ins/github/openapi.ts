import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import type { ValidateFunction } from 'ajv';
import { isObject } from './route.ts';

/** What `reduce-openapi.ts` keeps of one operation of GitHub's description. */
export interface Operation {
  readonly docs: string;
  readonly request?: Schema;
  /** Schema of each status; null for an answer without a body. */
  readonly responses: Readonly<Record<string, Schema | null>>;
}

export type Schema = Readonly<Record<string, unknown>>;

export interface Description {
  readonly source: string;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly schemas: Readonly<Record<string, Schema>>;
}

/** Checks requests and answers against GitHub's own description of its API. */
export interface Contract {
  docs(route: string): string;
  /** What is wrong with a request body, in GitHub's words; undefined when nothing is. */
  requestProblem(route: string, body: unknown): string | undefined;
  /** What is wrong with an answer of ours; undefined when nothing is. */
  answerProblem(route: string, status: number, body: unknown): string | undefined;
}

export function loadContract(): Contract {
  // Our own file, written by reduce-openapi.ts.
  const description = readJson('./openapi.json') as Description;
  const requests = createValidators(description.schemas);
  const answers = createValidators(closeAll(withLostForks(description.schemas)));
  return {
    docs: (route) => description.operations[route]?.docs ?? 'https://docs.github.com/rest',
    requestProblem: (route, body) => {
      const schema = description.operations[route]?.request;
      if (schema === undefined) return undefined;
      const validate = requests(`${route} request`, schema);
      return validate(body) ? undefined : inGitHubsWords(validate, body);
    },
    answerProblem: (route, status, body) =>
      answerProblem(description, status < 400 ? answers : requests, { route, status, body }),
  };
}

/**
 * Says what is wrong with the payload of an event (`issues.labeled`, `push`); undefined when nothing is.
 * Not done for every webhook that is sent: the schemas of payloads are large and take long to compile.
 */
export function loadPayloadCheck(): (event: string, payload: unknown) => string | undefined {
  // Our own file, written by reduce-openapi.ts.
  const description = readJson('./openapi-webhooks.jsonl') as PayloadDescription;
  const payloads = createValidators(closeAll(description.schemas));
  return (event, payload) => {
    const schema = description.webhooks[event];
    if (schema === undefined) return `GitHub has no event ${event}`;
    const validate = payloads(event, close(schema));
    return validate(payload) ? undefined : `${event}: ${JSON.stringify(validate.errors?.[0])}`;
  };
}

interface PayloadDescription {
  /** Schema of each event's payload: `issues.labeled`, `push`. */
  readonly webhooks: Readonly<Record<string, Schema>>;
  readonly schemas: Readonly<Record<string, Schema>>;
}

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
}

interface AnswerToCheck {
  readonly route: string;
  readonly status: number;
  readonly body: unknown;
}

type Validators = (key: string, schema: Schema) => ValidateFunction;

function answerProblem(description: Description, answers: Validators, answer: AnswerToCheck): string | undefined {
  const { route, status, body } = answer;
  const operation = description.operations[route];
  if (operation === undefined) return `GitHub has no operation ${route}`;
  const schema = operation.responses[status];
  if (schema === undefined || schema === null) return bodilessProblem(schema, answer);
  const validate = answers(`${route} ${status}`, status < 400 ? close(schema) : schema);
  if (validate(body)) return undefined;
  const [error] = validate.errors ?? [];
  return `${route} ${status}: ${JSON.stringify(error)}`;
}

/** GitHub's description doesn't list every refusal of every operation, nor every refusal's body, nor that anything may redirect. */
function bodilessProblem(schema: null | undefined, { route, status, body }: AnswerToCheck): string | undefined {
  if (status >= 400 || status === 301 || status === 307) return undefined;
  if (schema === undefined) return `${route} never answers ${status}`;
  return body === undefined ? undefined : `${route} answers ${status} without a body`;
}

function createValidators(schemas: Readonly<Record<string, Schema>>): Validators {
  const ajv = new Ajv({ strict: false, formats, inlineRefs: false, code: { optimize: false } });
  ajv.addSchema({ $id: 'github', schemas });
  const compiled = new Map<string, ValidateFunction>();
  return (key, schema) => {
    const known = compiled.get(key);
    if (known !== undefined) return known;
    const validate = ajv.compile(schema);
    compiled.set(key, validate);
    return validate;
  };
}

/** A pull request outlives the fork that it came from: GitHub then answers null for `head.repo`, which its description leaves out. */
function withLostForks(schemas: Readonly<Record<string, Schema>>): Readonly<Record<string, Schema>> {
  const changed = ['pull-request', 'pull-request-simple'].map((name) => {
    const schema = structuredClone(schemas[name]) as LostFork; // as reduce-openapi.ts keeps it
    const { properties } = schema.properties.head;
    properties.repo = { anyOf: [properties.repo, { type: 'null' }] };
    return [name, schema] as const;
  });
  return { ...schemas, ...Object.fromEntries(changed) };
}

interface LostFork extends Schema {
  readonly properties: { readonly head: { readonly properties: { repo: Schema } } };
}

/** Objects that list their properties may have no others: a field GitHub doesn't have would flatter us. */
function closeAll(schemas: Readonly<Record<string, Schema>>): Record<string, Schema> {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, close(schema)]));
}

function close(schema: Schema): Schema {
  const closed = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closeUnder(key, value)]));
  if (schema['properties'] === undefined || 'additionalProperties' in schema) return closed;
  return { ...closed, additionalProperties: false };
}

/** `properties` is a map of schemas, not a schema; parts of an `allOf` must stay open for each other. */
function closeUnder(key: string, value: unknown): unknown {
  if (key === 'allOf') return value;
  if (Array.isArray(value)) return value.map((item: unknown) => (isObject(item) ? close(item) : item));
  if (!isObject(value)) return value;
  if (key !== 'properties') return close(value);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, isObject(item) ? close(item) : item]));
}

/** GitHub's two sentences about a body: what wasn't supplied, and what is not of its type. */
function inGitHubsWords(validate: ValidateFunction, body: unknown): string {
  const error = validate.errors?.[0];
  if (error === undefined) return 'Invalid request.';
  const missing: unknown = error.params['missingProperty'];
  if (typeof missing === 'string') return `Invalid request.\n\n"${missing}" wasn't supplied.`;
  const path = error.instancePath.slice(1);
  const value = path === '' ? body : path.split('/').reduce(step, body);
  const shown = value === null ? 'nil' : JSON.stringify(value).slice(0, 100);
  const where = path === '' ? 'For' : `For 'properties/${path}',`;
  const type: unknown = error.params['type'];
  const wrong = typeof type === 'string' ? `is not ${article(type)}` : (error.message ?? 'is not valid');
  return `Invalid request.\n\n${where} ${shown} ${wrong}.`;
}

function step(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value[Number(name)];
  return isObject(value) ? value[name] : undefined;
}

function article(type: string): string {
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
}

const formats = {
  uri: (text: string) => URL.canParse(text),
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
  date: /^\d{4}-\d\d-\d\d$/,
  email: /^[^@\s]+@[^@\s]+$/,
  int64: { type: 'number', validate: Number.isSafeInteger },
  int32: { type: 'number', validate: Number.isSafeInteger },
  float: true,
  double: true,
  'uri-template': true,
  'repo.nwo': /^[^/\s]+\/[^/\s]+$/,
  timestamp: true,
  binary: true,
} as const;
