export interface Minted {
  readonly token: string;
  /** Milliseconds since 1970: it is used for nothing new after that. */
  readonly usableUntil: number;
}

/** Where tokens for a wish come from. */
export interface TokenSource<Wish> {
  /** The same for wishes that one token can serve; begins with its owner's. */
  readonly keyOf: (wish: Wish) => string;
  /** What the keys of all tokens of one owner begin with. */
  readonly ownerOf: (wish: Wish) => string;
  readonly mint: (wish: Wish) => Promise<Minted>;
  /** Whether this refusal to mint means that the owner has none left. */
  readonly isOver: (error: unknown) => boolean;
  /** Ends a token before its time. Never rejects. */
  readonly revoke: (token: string) => Promise<void>;
  readonly now: () => number;
}

export interface Tokens<Wish> {
  /** A usable token; whoever is named as `holder` keeps it from being revoked until released. Throws what minting throws. */
  get(wish: Wish, holder?: string): Promise<string>;
  /** Forgets a token that was refused, unless a newer one has taken its place. */
  drop(wish: Wish, token: string): void;
  /** Revokes what this holder, and nobody else, still holds. Never rejects. */
  release(holder: string): Promise<void>;
}

interface Lease extends Minted {
  readonly holders: Set<string>;
}

/** Callers that ask at the same time share one request. A failed one is not remembered. */
export function createTokens<Wish>(source: TokenSource<Wish>): Tokens<Wish> {
  const leases = new Map<string, Lease>();
  const pending = new Map<string, Promise<Lease>>();

  async function renew(wish: Wish, key: string): Promise<Lease> {
    try {
      const lease = { ...(await source.mint(wish)), holders: new Set<string>() };
      for (const [other, { usableUntil }] of leases) if (usableUntil <= source.now()) leases.delete(other);
      leases.set(key, lease);
      return lease;
    } catch (error) {
      // Nothing of an owner that is gone is kept.
      const isOver = source.isOver(error);
      for (const other of leases.keys()) if (isOver && other.startsWith(source.ownerOf(wish))) leases.delete(other);
      throw error;
    }
  }

  function usable(key: string): Lease | undefined {
    const known = leases.get(key);
    return known && known.usableUntil > source.now() ? known : undefined;
  }

  async function renewOnce(wish: Wish, key: string): Promise<Lease> {
    const waiting = pending.get(key) ?? renew(wish, key).finally(() => pending.delete(key));
    pending.set(key, waiting);
    return waiting;
  }

  return {
    async get(wish, holder) {
      const key = source.keyOf(wish);
      const lease = usable(key) ?? (await renewOnce(wish, key));
      if (holder !== undefined) lease.holders.add(holder);
      return lease.token;
    },
    drop(wish, token) {
      const key = source.keyOf(wish);
      if (leases.get(key)?.token === token) leases.delete(key);
    },
    async release(holder) {
      const left = [...leases].filter(([, { holders }]) => holders.delete(holder) && holders.size === 0);
      for (const [key] of left) leases.delete(key);
      await Promise.all(left.map(([, { token }]) => source.revoke(token)));
    },
  };
}
