import { BlockList, isIP } from 'node:net';

/** Everything of IPv4 that is not somebody's public server: the machine itself, private networks, carrier and cloud-internal ranges, tests, multicast. */
const closedV4 =
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 ' +
  '192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4';

/** Of IPv6 only global unicast is open at all; the second list is parts of it that lead elsewhere (tunnels, documentation, special use). */
const openV6 = '2000::/3';
const closedV6 = '2001::/23 2001:db8::/32 2002::/16 3fff::/20';

/** Whether a connection to this address leaves for the public internet. Text that is no address is not public. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !isIn(closedV4, address, 'ipv4');
  if (family !== 6 || address.includes('%')) return false;
  return isIn(openV6, address, 'ipv6') && !isIn(closedV6, address, 'ipv6');
}

/**
 * Whether a host is an address in any spelling that some program takes for one: the usual ones, in brackets, `127.1`, `0x7f000001`, `2130706433`.
 * No name of the public internet ends in a number.
 */
export function isAddress(host: string): boolean {
  return host.includes(':') || /(^|\.)(\d+|0x[0-9a-f]*)\.?$/i.test(host);
}

function isIn(ranges: string, address: string, family: 'ipv4' | 'ipv6'): boolean {
  const list = new BlockList();
  for (const range of ranges.split(' ')) {
    const [network = '', prefix] = range.split('/');
    list.addSubnet(network, Number(prefix), family);
  }
  return list.check(address, family);
}
