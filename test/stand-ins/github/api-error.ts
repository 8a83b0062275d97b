/** An answer that is not a success; the server adds `documentation_url` and `status`, as GitHub does. */
export class ApiError extends Error {
  readonly status: number;
  readonly fields: Record<string, unknown>;
  readonly headers: Record<string, string>;

  constructor(status: number, message: string, extra: ErrorParts = {}) {
    super(message);
    this.status = status;
    this.fields = extra.fields ?? {};
    this.headers = extra.headers ?? {};
  }
}

interface ErrorParts {
  readonly fields?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
}

export interface FieldError {
  readonly resource: string;
  readonly code: string;
  readonly field?: string;
  readonly message?: string;
  readonly value?: string;
}

export function notFound(): ApiError {
  return new ApiError(404, 'Not Found');
}

/** The way to where something is now: 301 for reads, 307, which keeps the method, for all others. */
export function movedTo(url: string, method: string): ApiError {
  const parts = { fields: { url }, headers: { location: url } };
  return method === 'GET'
    ? new ApiError(301, 'Moved Permanently', parts)
    : new ApiError(307, 'Temporary Redirect', parts);
}

/** 422 with the list of what is wrong, the shape of most refusals. */
export function validationFailed(...errors: FieldError[]): ApiError {
  return new ApiError(422, 'Validation Failed', { fields: { errors } });
}

/** 422 with nothing but a sentence: what the Git data routes answer. */
export function refused(message: string): ApiError {
  return new ApiError(422, message);
}

export function badCredentials(): ApiError {
  return new ApiError(401, 'Bad credentials');
}

export function notAccessible(): ApiError {
  return new ApiError(403, 'Resource not accessible by integration');
}
