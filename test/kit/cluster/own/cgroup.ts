import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = '/sys/fs/cgroup'

/** A control group in every hierarchy (version 1), or in the one there is (version 2): what the kubelet puts pods under. */
export function createCgroup(name: string): void {
  if (existsSync(join(ROOT, 'cgroup.controllers'))) {
    mkdirSync(join(ROOT, name))
    return
  }
  for (const hierarchy of readdirSync(ROOT)) {
    const parent = join(ROOT, hierarchy)
    if (!statSync(parent).isDirectory()) continue
    const group = join(parent, name)
    // Two names of one hierarchy (cpu, cpuacct) are links to it.
    mkdirSync(group, { recursive: true })
    if (hierarchy === 'cpuset') inheritSets(parent, group)
  }
}

// Without a set of its own a group of version 1 takes no process.
function inheritSets(parent: string, group: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    writeFileSync(join(group, file), readFileSync(join(parent, file), 'utf8').trim())
  }
}
