import { tell } from '../../progress.ts'
import { startOwnCluster } from './start.ts'

// A node by hand, as the tests have it: `node test/kit/cluster/own/main.ts`. Prints one line of JSON when it is up, and takes
// it down on Ctrl-C.
const cluster = await startOwnCluster()
process.stdout.write(`${JSON.stringify(cluster)}\n`)
tell(`kubectl --kubeconfig ${cluster.kubeconfigPath} get pods -A; Ctrl-C stops it`)

const staying = setInterval(() => {}, 60_000)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    clearInterval(staying)
    await cluster.stop()
  })
}
