import { createElector } from '#controller/leader/lease.ts'
import { systemClock } from '#lib/clock.ts'
import { createKube } from '#lib/kube.ts'
import { createLog } from '#lib/log.ts'
import { createMetrics } from '#lib/metrics.ts'

// An elector in a process of its own, for tests that kill it: `node elector-process.ts <kubeconfig> <namespace> <identity>`.
// Its log on standard output says when it leads.
const [kubeconfig, namespace = 'default', identity = 'child'] = process.argv.slice(2)
const metrics = createMetrics({ process: false })
const elector = createElector({
  kube: await createKube({ kubeconfig, metrics }),
  namespace,
  name: 'soaplane-controller',
  identity,
  controlUrl: () => `http://${identity}`,
  metrics,
  clock: systemClock,
  random: Math.random,
  log: createLog('elector', 'info'),
})
await elector.start()
