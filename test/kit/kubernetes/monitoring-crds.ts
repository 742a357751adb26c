import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { telling } from '../progress.ts'

const MODULE = 'github.com/prometheus-operator/prometheus-operator'
const VERSION = 'v0.86.1'
/** What the module must hash to, as go.sum would have it. */
const SUM = 'h1:pHUuiRErcFb3nFDox7RxoxpEN0FyT24GtYOkr2GBu04='

/** Files with the real definitions of PodMonitor, ServiceMonitor and PrometheusRule: the operator's Go module carries them. */
export async function monitoringCrds(): Promise<readonly string[]> {
  const folder = process.env.SOAPLANE_TEST_MONITORING_CRDS || join(await module(), 'example/prometheus-operator-crd')
  return ['podmonitors', 'servicemonitors', 'prometheusrules'].map((plural) =>
    join(folder, `monitoring.coreos.com_${plural}.yaml`),
  )
}

async function module(): Promise<string> {
  // The sum is held to the one above in place of a checksum database, which not every proxy has.
  const env = { ...process.env, GONOSUMDB: MODULE, GOFLAGS: '-mod=mod' }
  const args = ['mod', 'download', '-json', `${MODULE}@${VERSION}`]
  try {
    const { stdout } = await telling(`Fetching ${MODULE} ${VERSION}`, () => promisify(execFile)('go', args, { env }))
    const { Dir, Sum } = JSON.parse(stdout) as { readonly Dir: string; readonly Sum: string }
    if (Sum === SUM) return Dir
    throw new Error(`it hashes to ${Sum}, not to ${SUM}`)
  } catch (cause) {
    const otherwise = 'SOAPLANE_TEST_MONITORING_CRDS=<folder with monitoring.coreos.com_podmonitors.yaml and its like>'
    throw new Error(`The definitions of the Prometheus operator cannot be had; give ${otherwise}`, { cause })
  }
}
