import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type AllowListProxy, type Egress, openProxy } from '../egress/index.ts';
import { makeScratch } from '../isolation/index.ts';

/** Opens the proxy of one box, on a socket in a folder of its own. Without a list there is no way out at all. */
export async function openWayOut(
  allowedHosts: readonly string[] | undefined,
  egress: Egress,
): Promise<AllowListProxy | undefined> {
  if (allowedHosts === undefined) return undefined;
  const folder = await makeScratch('proxy');
  const proxy = await openProxy(join(folder, 'proxy.sock'), allowedHosts, egress);
  return {
    ...proxy,
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
