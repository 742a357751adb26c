import { type ControllerProcess, controllerProcess } from './controllers.ts'
import { freePort } from './free-port.ts'
import { type Deployable, deployable } from './process.ts'

/** The whole platform as in a cluster: a process for each deployable, an API server behind the controller. */
export interface Processes {
  readonly controller: ControllerProcess
  readonly registry: Deployable
  readonly gateways: readonly GatewayProcess[]
  readonly addGateway: () => Promise<GatewayProcess>
  readonly stop: () => Promise<void>
}

export interface GatewayProcess extends Deployable {
  /** Where clients call; `url` is its control port. */
  readonly data: string
}

/** Starts all of it; each is ready when this resolves. */
export async function startProcesses(
  kubeconfig: string,
  leaseNamespace: string,
  { gateways: count, gatewayFlags = {} }: { gateways: number; gatewayFlags?: Readonly<Record<string, string>> },
): Promise<Processes> {
  // Longer than replicas wait between two dials: a restart must not look like their absence.
  const controller = await controllerProcess(kubeconfig, leaseNamespace, { 'settle-ms': '6000' })
  const registry = await deployable('services/registry/main.ts', { 'controller-url': controller.url })
  const gateways: GatewayProcess[] = []

  async function addGateway(): Promise<GatewayProcess> {
    const port = String(await freePort())
    const own = await deployable(
      'services/gateway/main.ts',
      { port, 'controller-url': controller.url, 'registry-url': registry.url, ...gatewayFlags },
      { control: 'control-port' },
    )
    const gateway = { ...own, data: `http://127.0.0.1:${port}` }
    gateways.push(gateway)
    await gateway.start()
    return gateway
  }

  async function stop(): Promise<void> {
    // Data planes first: they say goodbye to a controller that is still there.
    await Promise.all(gateways.map((each) => each.kill('SIGTERM')))
    await registry.kill('SIGTERM')
    await controller.kill('SIGTERM')
  }

  try {
    await controller.start()
    await registry.start()
    for (let i = 0; i < count; i++) await addGateway()
  } catch (error) {
    await stop()
    throw error
  }
  return { controller, registry, gateways, addGateway, stop }
}
