import { readFileSync } from 'node:fs';
import { buildSchema, execute, GraphQLError, parse, validate } from 'graphql';
import type { DocumentNode, ExecutionResult, GraphQLFormattedError, GraphQLSchema } from 'graphql';
import { ApiError } from '../api-error.ts';
import { isObject, objectField, textField } from '../route.ts';
import type { Answer, Call } from '../route.ts';
import { createRoot, Refused } from './root.ts';

let schema: GraphQLSchema | undefined;

/** Answers a query or a mutation as GitHub does: 200 whatever becomes of it, with `errors` beside or instead of data. */
export async function answerGraph(call: Call): Promise<Answer> {
  if (call.actor.type !== 'installation' && call.actor.type !== 'user') {
    throw new ApiError(401, 'This endpoint requires you to be authenticated.');
  }
  const text = textField(call.body, 'query');
  if (text === undefined) return unread([{ message: 'A query attribute must be specified and must be a string.' }]);
  schema ??= buildSchema(readFileSync(new URL('./schema.graphql', import.meta.url), 'utf8'));
  const document = parsed(text);
  if (document instanceof GraphQLError) return unread([shown(document)]);
  const problems = validate(schema, document);
  if (problems.length > 0) return unread(problems.map(shown));
  const rootValue = createRoot(call);
  const variableValues = objectField(call.body, 'variables') ?? {};
  return toAnswer(await execute({ schema, document, rootValue, variableValues }));
}

/** Nothing of it was carried out. */
function unread(errors: readonly unknown[]): Answer {
  return { status: 200, body: { errors } };
}

function parsed(text: string): DocumentNode | GraphQLError {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    throw error;
  }
}

function toAnswer({ data, errors = [] }: ExecutionResult): Answer {
  const bug = errors.find(({ originalError }) => originalError && !(originalError instanceof Refused));
  if (bug) return { status: 500, body: { message: bug.message }, mistake: bug.originalError?.stack ?? bug.message };
  if (data === undefined) return unread(errors.map(shown));
  return { status: 200, body: { data, ...(errors.length > 0 && { errors: errors.map(shown) }) } };
}

/** GitHub puts the kind of a refusal beside its message. */
function shown(error: GraphQLError): Readonly<Record<string, unknown>> {
  const { message, locations, path }: GraphQLFormattedError = error.toJSON();
  const type = error.originalError instanceof Refused ? { type: error.originalError.type } : {};
  return { ...type, ...(path && { path }), ...(isObject(locations?.[0]) && { locations }), message };
}
