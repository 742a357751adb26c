import { existsSync } from 'node:fs'
import { apt, canInstall, withoutServices } from '#services/embedded/broker/install.ts'
import { hasCommand } from '#services/embedded/broker/server-files.ts'
import { telling } from '../progress.ts'

/** What each purpose needs of Debian: a command, or a file, and the package that brings it. */
const NEEDS = {
  node: {
    containerd: 'containerd',
    ctr: 'containerd',
    runc: 'runc',
    iptables: 'iptables',
    conntrack: 'conntrack',
    ip: 'iproute2',
    openssl: 'openssl',
    unshare: 'util-linux',
    nsenter: 'util-linux',
    mount: 'mount',
    '/usr/lib/cni/bridge': 'containernetworking-plugins',
  },
  tree: { debootstrap: 'debootstrap', tar: 'tar', wget: 'wget' },
  docker: { dockerd: 'docker.io', '/usr/bin/docker': 'docker.io', iptables: 'iptables' },
} as const

export type Purpose = keyof typeof NEEDS

/** The commands and files that a purpose still lacks. */
export function lackingPackages(purpose: Purpose): readonly string[] {
  return Object.keys(NEEDS[purpose]).filter((each) => !(each.startsWith('/') ? existsSync(each) : hasCommand(each)))
}

/** Installs what a purpose lacks; none of it is started as a service. */
export async function havePackages(purpose: Purpose): Promise<void> {
  const lacking = lackingPackages(purpose)
  if (lacking.length === 0) return
  const needs: Readonly<Record<string, string>> = NEEDS[purpose]
  const packages = [...new Set(lacking.map((each) => needs[each] ?? each))]
  if (!canInstall()) throw new Error(`${lacking.join(', ')} missing: install ${packages.join(' ')}`)
  await telling(`Installing ${packages.join(' ')} from Debian, once`, async () => {
    const install = () => apt('install', '--yes', '--no-install-recommends', ...packages)
    const refused = (await withoutServices(install)) && ((await apt('update')) ?? (await withoutServices(install)))
    const still = lackingPackages(purpose)
    if (still.length > 0) throw new Error(`apt-get install ${packages.join(' ')} failed: ${refused ?? 'no error'}`)
  })
}
