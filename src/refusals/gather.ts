import type { Refusal, RefusalReason, RefusedHost } from '../domain/index.ts';

/** A host that commands were refused, each host and port once. */
export interface Wish extends Omit<RefusedHost, 'reason'> {
  /** `no setting`: nobody allowed it and no settings can, because the name is of a kind that leads nowhere on the public internet. */
  readonly reason: RefusalReason | 'no setting';
}

/** What a name on the settings' list looks like: the rule of `network.allow`. */
const settingsName = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;
/** Names that by agreement never belong to a public server (RFC 6761, RFC 8375, and what ICANN keeps for private use). */
const privateName =
  /(?:^|\.)(?:internal|intranet|private|corp|home|lan|local|localhost|localdomain|arpa|onion|invalid)$/;

/** All hosts of these runs, first asked for first, and which of them settings would allow. */
export function gatherRefused(refusals: readonly Refusal[]): { wishes: readonly Wish[]; allowable: readonly string[] } {
  const wishes = new Map<string, Wish>();
  for (const { host, port, reason, ...rest } of refusals.flatMap(({ hosts }) => hosts)) {
    const isSettable = settingsName.test(host) && !privateName.test(host);
    const known = reason === 'not listed' && !isSettable ? 'no setting' : reason;
    if (!wishes.has(`${host}:${port}`)) wishes.set(`${host}:${port}`, { ...rest, host, port, reason: known });
  }
  const listable = [...wishes.values()].filter(({ reason }) => reason === 'not listed');
  return { wishes: [...wishes.values()], allowable: [...new Set(listable.map(({ host }) => host))] };
}
