import { lookup } from 'node:dns/promises';
import type { RefusalReason } from '../domain/index.ts';
import { isAddress, isPublicAddress } from './addresses.ts';

/** What the proxy asks of the network it stands in. The defaults are the safe ones; tests and private registries give others. */
export interface Egress {
  readonly ports: readonly number[];
  resolve(host: string): Promise<readonly string[]>;
  isAllowedAddress(address: string): boolean;
}

export const publicEgress: Egress = {
  ports: [80, 443],
  resolve: async (host) => (await lookup(host, { all: true })).map((found) => found.address),
  isAllowedAddress: isPublicAddress,
};

/** Where a client wants to go. The host is in lower case. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** The address to connect to, or why there is none. */
export type Admission = { readonly address: string } | { readonly reason: RefusalReason };

/**
 * Decides about one connection. A name is looked up once, so that the address that was checked is the one that is used; one that nobody allowed is
 * not looked up at all, because a question to a name server carries whatever the name says. Throws what the look-up throws.
 */
export async function admit(
  { host, port }: Target,
  allowedHosts: readonly string[],
  egress: Egress,
): Promise<Admission> {
  if (isAddress(host)) return { reason: 'address' };
  if (!egress.ports.includes(port)) return { reason: 'port' };
  if (!isListed(host, allowedHosts)) return { reason: 'not listed' };
  const [address, ...others] = await egress.resolve(host);
  const isOpen = address !== undefined && [address, ...others].every((each) => egress.isAllowedAddress(each));
  return isOpen ? { address } : { reason: 'private address' };
}

/** `host` is lower case already. A pattern `*.example.org` is every name below example.org, not itself. */
export function isListed(host: string, allowedHosts: readonly string[]): boolean {
  return allowedHosts.some((pattern) => {
    const wanted = pattern.toLowerCase();
    return wanted.startsWith('*.')
      ? host.endsWith(wanted.slice(1)) && host.length > wanted.length - 1
      : host === wanted;
  });
}
