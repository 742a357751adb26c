import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { basename, join } from 'node:path'
import { expect, it } from 'vitest'
import type { ClusterFacts } from '#test/kit/cluster/facts.ts'
import { missing } from '#test/kit/cluster/missing.ts'
import { crashApiServer, reviveApiServer } from '#test/kit/cluster/own/handle.ts'
import { startOwnCluster } from '#test/kit/cluster/own/start.ts'
import { eventually } from '#test/kit/eventually.ts'
import { kubectl } from '#test/kit/kubectl.ts'

// The node of real components by itself, where it can be had: its API server can be hurt, and nothing of it stays.

const onNode = it.runIf(missing() === undefined)

onNode('comes back with its API server, and goes without a trace', async () => {
  const before = interfaces()
  const cluster = await startOwnCluster()
  const nodes = () => kubectl(['get', 'nodes', '--output', 'name'], { kubeconfig: cluster.kubeconfigPath })

  await crashApiServer(cluster.handle)
  await expect(nodes()).rejects.toThrow('refused')
  await reviveApiServer(cluster.handle)
  expect((await nodes()).trim()).toBe('node/soaplane-node')

  expect(tracesOf(cluster.handle)).not.toEqual([])
  await cluster.stop()
  expect(tracesOf(cluster.handle)).toEqual([])
  expect(interfaces()).toEqual(before)
})

onNode('goes without a trace when the run that started it is killed', async () => {
  const before = interfaces()
  const main = join(import.meta.dirname, '../kit/cluster/own/main.ts')
  const child = spawn(process.execPath, [main], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data')
  const { handle } = JSON.parse(String(line)) as ClusterFacts
  child.kill('SIGKILL')
  await eventually(() => tracesOf(handle).length === 0, { timeoutMs: 20_000 })
  expect(interfaces()).toEqual(before)
})

/** Whatever on this machine still is of a node: its folder, processes, mounts and control groups. */
function tracesOf(folder: string): readonly string[] {
  const groups = ['', ...readdirSync('/sys/fs/cgroup')].map((each) => join('/sys/fs/cgroup', each, basename(folder)))
  const processes = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandOf(pid).includes(folder))
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.includes(folder))
  return [folder, ...groups].filter(existsSync).concat(processes, mounts)
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

const interfaces = () => Object.keys(networkInterfaces()).sort()
