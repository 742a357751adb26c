import type { MessageRouteEntry } from './esb.ts'
import type { GatewayEntry } from './gateway.ts'
import type { RegistryEntry } from './registry.ts'

/** What each data plane is sent, by name: whole tables keyed by object. A new data plane is one more line. */
export interface SliceItems {
  readonly registry: RegistryEntry
  readonly gateway: GatewayEntry
  readonly esb: MessageRouteEntry
}

export type SliceName = keyof SliceItems
export const SLICES = ['registry', 'gateway', 'esb'] as const satisfies readonly SliceName[]

export type Slice<N extends SliceName = SliceName> = ReadonlyMap<string, SliceItems[N]>
export type Model = { readonly [N in SliceName]: Slice<N> }

/** Another replica of the same data plane. */
export interface Peer {
  readonly id: string
  /** Base URL of its control port. */
  readonly url: string
}
