import { type Controller, controller } from '#controller/parts.ts'
import type { MainEnv } from '#lib/main.ts'
import { type Esb, esb } from '#services/esb/parts.ts'
import { type Gateway, gateway } from '#services/gateway/parts.ts'
import { type Registry, registry } from '#services/registry/parts.ts'
import { type EmbeddedConfig, hasBroker } from './config.ts'
import type { Configs } from './configs.ts'
import { type Deployable, deployable } from './deployable.ts'

export interface Platform {
  readonly controller: Deployable<Controller>
  readonly registry: Deployable<Registry>
  readonly gateway: Deployable<Gateway>
  /** None without a broker. */
  readonly bus: Deployable<Esb> | undefined
}

/** The same deployables as in a cluster, over the same sockets; each learns the addresses of the ones before it. */
export function platformOf(
  config: EmbeddedConfig,
  configs: Configs,
  {
    metrics,
    amqpUrl,
  }: MainEnv & { /** Known once the broker has started. */ readonly amqpUrl: () => string | undefined },
): Platform {
  // The process's own series are told once, among the controller's.
  const control = deployable('controller', config, (env) => controller(configs.controller, { ...env, metrics }))
  const controllerUrl = () => control.it().url()
  const inventory = deployable('registry', config, (env) => registry(configs.registry(controllerUrl()), env))
  const registryUrl = () => inventory.it().url()
  const front = deployable('gateway', config, (env) => gateway(configs.gateway(controllerUrl(), registryUrl()), env))
  const bus = deployable('esb', config, (env) => esb(configs.esb(controllerUrl(), registryUrl(), amqpUrl()), env))
  return { controller: control, registry: inventory, gateway: front, bus: hasBroker(config) ? bus : undefined }
}
