import { createSign } from 'node:crypto';

/** A token that an App signs for itself, with exactly these times, in seconds. */
export function signAppToken(
  app: { readonly id: number; readonly privateKey: string },
  times: { readonly iat: number; readonly exp: number },
): string {
  const parts = [
    { alg: 'RS256', typ: 'JWT' },
    { ...times, iss: String(app.id) },
  ];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${createSign('RSA-SHA256').update(text).sign(app.privateKey, 'base64url')}`;
}
