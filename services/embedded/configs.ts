import { type ControllerConfig, settings as controllerSettings } from '#controller/config.ts'
import { type ConfigOf, readConfig, type Settings } from '#lib/config.ts'
import { type GatewayConfig, settings as gatewaySettings } from '#services/gateway/config.ts'
import { type RegistryConfig, settings as registrySettings } from '#services/registry/config.ts'
import type { EmbeddedConfig } from './config.ts'

/** The configurations of what runs here: of each what its environment says, but for what the run decides. */
export interface Configs {
  readonly controller: ControllerConfig
  /** URLs are those of the ones before, known once they have started. */
  readonly registry: (controllerUrl: string) => RegistryConfig
  readonly gateway: (controllerUrl: string, registryUrl: string) => GatewayConfig
}

const SETTLE_MS = 500

/** Throws at once what is wrong in any of them. */
export function configsOf(
  { host, folder, ...ports }: EmbeddedConfig,
  env: Readonly<Record<string, string | undefined>>,
): Configs {
  const own = <const S extends Settings>(name: string, settings: S): ConfigOf<S> => readConfig(name, settings, [], env)
  const controller = own('controller', controllerSettings)
  const registry = own('registry', registrySettings)
  const gateway = own('gateway', gatewaySettings)
  // One process advertises three servers: the addresses that they listen on will do.
  const common = { host, advertisedUrl: undefined }
  return {
    controller: {
      ...{ ...controller, ...common, folder, port: ports.controllerPort },
      ...{ source: 'folder', leaderElection: false },
      // Its replicas are in this process: whoever is late by that much is not on its way.
      settleMs: Math.min(controller.settleMs, SETTLE_MS),
    },
    registry: (controllerUrl) => ({
      ...{ ...registry, ...common, controllerUrl, port: ports.registryPort },
      // Inside a pod, too, this is a developer's own.
      auth: registry.auth === 'auto' ? 'open' : registry.auth,
      loopback: registry.loopback === 'auto' ? 'allow' : registry.loopback,
    }),
    gateway: (controllerUrl, registryUrl) => ({
      ...{ ...gateway, ...common, controllerUrl, registryUrl },
      ...{ port: ports.gatewayPort, controlPort: ports.gatewayControlPort },
    }),
  }
}
