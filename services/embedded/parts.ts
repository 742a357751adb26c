import type { MainEnv } from '#lib/main.ts'
import type { Part } from '#lib/run.ts'
import { type Addresses, banner } from './banner.ts'
import type { EmbeddedConfig } from './config.ts'
import { configsOf } from './configs.ts'
import { examplesOf } from './examples.ts'
import { messagingOf } from './messaging.ts'
import { platformOf } from './platform.ts'
import { notReady, reasonsOf } from './readiness.ts'
import { type Say, telling } from './telling.ts'
import { wayToBus } from './way-to-bus.ts'
import { whenReady } from './when-ready.ts'

/** All of Soaplane on one machine, without Kubernetes, as the parts of one process. */
export function embedded(config: EmbeddedConfig, env: MainEnv, say: Say): readonly Part[] {
  const { broker, shown } = messagingOf(config, env, say)
  const { examples, samples } = examplesOf(config)
  const configs = configsOf(config, process.env)
  const { controller, registry, gateway, bus } = platformOf(config, configs, { ...env, amqpUrl: broker.url })
  const tell = telling(say)
  const way =
    bus &&
    wayToBus({
      folder: config.folder,
      busUrl: () => bus.it().url(),
      busUnready: () => bus.unready?.(),
      gatewayUrl: () => gateway.it().url(),
    })
  const platform = [controller, registry, ...(bus ? [bus] : []), gateway, ...(way ? [way] : [])]
  const addresses = (): Addresses => ({
    gateway: gateway.it().url(),
    gatewayControl: gateway.it().controlUrl(),
    registry: registry.it().url(),
    controller: controller.it().url(),
    bus: bus?.it().url(),
    broker: shown(),
    folder: config.folder,
    examples: examples.it().urls(),
  })
  // In the order of who needs whom; stopped from the end: the gateway takes no more before anything behind it goes.
  return [
    {
      name: 'terminal',
      start: () => say('Soaplane is starting; Ctrl-C stops all of it.'),
      stop: () => say('Stopped.'),
    },
    tell(broker, () => `RabbitMQ: ${broker.how()}`),
    tell(examples, () => `Example services: ${[...examples.it().urls().keys()].join(', ') || 'none'}`),
    samples,
    tell(controller, () => `Controller: ${controller.it().url()} watches ${config.folder}`),
    tell(registry, () => `Registry: ${registry.it().url()}`),
    ...(bus ? [tell(bus, () => `Bus: ${bus.it().url()}`)] : []),
    tell(gateway, () => `Gateway: ${gateway.it().url()}`),
    ...(way ? [way] : []),
    whenReady({
      reasons: () => [...reasonsOf(platform), ...notReady(controller.it().source.objects(), samples.keys())],
      say,
      banner: (left) => banner(addresses(), left),
    }),
  ]
}
