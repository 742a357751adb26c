import { networkInterfaces } from 'node:os'
import { run } from '../command.ts'
import type { Enclosed } from './namespaces.ts'

/** Inside the node only: the machine has no route to either. */
export const POD_RANGE = '10.244.0.0/16'
export const SERVICE_RANGE = '10.96.0.0/16'
export const DNS_ADDRESS = '10.96.0.10'

export interface Wire {
  readonly machine: string
  readonly node: string
}

/** Two addresses that no interface of this machine is near to, out of the range for bench tests (RFC 2544). */
export function freeWire(random: () => number = Math.random, interfaces = networkInterfaces()): Wire {
  const taken = new Set(Object.values(interfaces).flatMap((each) => each?.map(({ address }) => address) ?? []))
  for (;;) {
    const at = 4 * Math.floor(random() * 2 ** 15)
    const address = (host: number) => `198.${18 + ((at + host) >> 16)}.${((at + host) >> 8) & 255}.${(at + host) & 255}`
    const wire = { machine: address(1), node: address(2) }
    if (!taken.has(wire.machine) && !taken.has(wire.node)) return wire
  }
}

/**
 * Lays a wire between this machine and the node. It is the node's only one, and no route leads on: what a pod sends to an
 * address that is nobody's goes nowhere.
 */
export async function layWire({ initPid, link }: Enclosed, wire: Wire): Promise<void> {
  const inNode = (...command: readonly string[]) => run('nsenter', ['--net', '--target', String(initPid), ...command])
  await run('ip', ['link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(initPid)])
  await run('ip', ['addr', 'add', `${wire.machine}/30`, 'dev', link])
  await run('ip', ['link', 'set', link, 'up'])
  await inNode('ip', 'link', 'set', 'lo', 'up')
  await inNode('ip', 'addr', 'add', `${wire.node}/30`, 'dev', 'eth0')
  await inNode('ip', 'link', 'set', 'eth0', 'up')
  // The node's own processes ask cluster addresses too: without a route none would get as far as kube-proxy's rules. What
  // no rule takes asks the wire who has that address, and nobody answers.
  await inNode('ip', 'route', 'add', SERVICE_RANGE, 'dev', 'eth0')
  await inNode('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward')
}

/** What containerd connects pods with: a bridge, addresses from one range, and host ports. */
export function cniConfig(): object {
  return {
    cniVersion: '0.4.0',
    name: 'pods',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        ipMasq: true,
        // A pod may reach itself by its Service.
        hairpinMode: true,
        ipam: { type: 'host-local', ranges: [[{ subnet: POD_RANGE }]], routes: [{ dst: '0.0.0.0/0' }] },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  }
}
