import { type ControllerConfig, settings as controllerSettings } from '#controller/config.ts'
import { type ConfigOf, readConfig, type Settings } from '#lib/config.ts'
import { type EsbConfig, settings as esbSettings } from '#services/esb/config.ts'
import { type GatewayConfig, settings as gatewaySettings } from '#services/gateway/config.ts'
import { type RegistryConfig, settings as registrySettings } from '#services/registry/config.ts'
import { type EmbeddedConfig, hasBroker } from './config.ts'

/** The configurations of what runs here: of each what its environment says, but for what the run decides. */
export interface Configs {
  readonly controller: ControllerConfig
  /** URLs are those of the ones before, known once they have started. */
  readonly registry: (controllerUrl: string) => RegistryConfig
  readonly gateway: (controllerUrl: string, registryUrl: string) => GatewayConfig
  readonly esb: (controllerUrl: string, registryUrl: string, amqpUrl: string | undefined) => EsbConfig
}

/** The core Service that the bus would have in a cluster: its endpoints are written here, as those of the examples are. */
export const BUS_SERVICE = { namespace: 'default', name: 'soaplane-esb', port: 'http' }

/** Replicas are in this process: whoever is late by that much is not on its way. The bus has queues to declare first. */
const SETTLE_MS = 500
const SETTLE_WITH_BUS_MS = 4_000

/** Throws at once what is wrong in any of them. */
export function configsOf(
  { host, folder, ...run }: EmbeddedConfig,
  env: Readonly<Record<string, string | undefined>>,
): Configs {
  const own = <const S extends Settings>(name: string, settings: S): ConfigOf<S> => readConfig(name, settings, [], env)
  const controller = own('controller', controllerSettings)
  const registry = own('registry', registrySettings)
  const gateway = own('gateway', gatewaySettings)
  const esb = own('esb', esbSettings)
  // One process advertises three servers: the addresses that they listen on will do.
  const common = { host, advertisedUrl: undefined }
  return {
    controller: {
      ...{ ...controller, ...common, folder, port: run.controllerPort },
      ...{ source: 'folder', leaderElection: false },
      esbService: hasBroker(run) ? BUS_SERVICE : undefined,
      settleMs: Math.min(controller.settleMs, hasBroker(run) ? SETTLE_WITH_BUS_MS : SETTLE_MS),
    },
    registry: (controllerUrl) => ({
      ...{ ...registry, ...common, controllerUrl, port: run.registryPort },
      // Inside a pod, too, this is a developer's own.
      auth: registry.auth === 'auto' ? 'open' : registry.auth,
      loopback: registry.loopback === 'auto' ? 'allow' : registry.loopback,
    }),
    gateway: (controllerUrl, registryUrl) => ({
      ...{ ...gateway, ...common, controllerUrl, registryUrl },
      ...{ port: run.gatewayPort, controlPort: run.gatewayControlPort },
    }),
    esb: (controllerUrl, registryUrl, amqpUrl) => ({
      ...{ ...esb, ...common, controllerUrl, registryUrl, amqpUrl, port: run.esbPort },
    }),
  }
}
