import { createHmac, timingSafeEqual } from 'node:crypto';

/** As GitHub signs a delivery's body (docs: "Validating webhook deliveries"): `sha256=` and the HMAC in hex. */
export function sign(secret: string, body: string | Buffer): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/** Whether one of the secrets made this signature. How long it takes says nothing about how much of it was right. */
export function isSignedBy(secrets: readonly string[], body: Buffer, signature: string): boolean {
  const given = Buffer.from(signature);
  return secrets.some((secret) => {
    const right = Buffer.from(sign(secret, body));
    return given.length === right.length && timingSafeEqual(given, right);
  });
}
