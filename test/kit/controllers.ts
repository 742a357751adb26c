import type { Replica } from '#controller/publish/replicas.ts'
import { type Deployable, deployable } from './process.ts'

/** A controller in a process of its own, and what its control API tells. */
export interface ControllerProcess extends Deployable {
  readonly leads: () => Promise<boolean>
  readonly replicas: () => Promise<readonly Replica[]>
  /** The reasons not to be ready, a line each; `ok` when ready. */
  readonly readiness: () => Promise<string>
  /** Every series of /metrics, by its name and labels as they are written there. */
  readonly metrics: () => Promise<ReadonlyMap<string, number>>
}

/** Ready as soon as it listens: a controller that waits for its API server is a case to test. */
export async function controllerProcess(
  kubeconfig: string,
  leaseNamespace: string,
  flags: Readonly<Record<string, string>> = {},
): Promise<ControllerProcess> {
  const own = await deployable(
    'controller/main.ts',
    { source: 'kube', kubeconfig, 'lease-namespace': leaseNamespace, 'settle-ms': '1500', ...flags },
    { started: '/livez' },
  )
  const text = async (path: string) => (await fetch(`${own.url}${path}`)).text()
  const told = async () => JSON.parse(await text('/replicas')) as { leads: boolean; items: readonly Replica[] }
  return {
    ...own,
    leads: async () => (await told()).leads,
    replicas: async () => (await told()).items,
    readiness: async () => (await text('/readyz')).trim(),
    metrics: async () => seriesIn(await text('/metrics')),
  }
}

/** Reads the exposition format as far as tests need it. */
export function seriesIn(exposition: string): ReadonlyMap<string, number> {
  const lines = exposition.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}
