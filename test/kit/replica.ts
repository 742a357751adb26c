import { createFeed } from '#lib/feed-client.ts'
import type { Slice, SliceName } from '#lib/model/slice.ts'
import { quietLog } from './quiet.ts'

/** A data plane replica of the test's own: the product's feed client, whose acknowledgements the test can hold back. */
export interface TestReplica<N extends SliceName> {
  readonly items: () => Slice<N>
  /** The version it last acknowledged. */
  readonly version: () => string | undefined
  readonly isStale: () => boolean
  /** Takes versions from now on without acknowledging them, until `release`. */
  readonly hold: () => void
  readonly release: () => void
  /** Refuses versions from now on with this reason; undefined ends that. */
  readonly refuse: (why: string | undefined) => void
  /** Serves versions from now on but for this item, with this reason; undefined ends that. */
  readonly refuseItem: (key: string, why: string | undefined) => void
  readonly tellReady: (ready: boolean) => void
  /** Leaves with a goodbye. */
  readonly stop: () => Promise<void> | void
}

/** Connects one replica of a slice to the controller at `controllerUrl` (asked before each dial). */
export async function startReplica<const N extends SliceName>(
  slice: N,
  controllerUrl: () => string,
  {
    id = `${slice}-${crypto.randomUUID()}`,
    token,
    ready = true,
  }: { id?: string; token?: string; ready?: boolean } = {},
): Promise<TestReplica<N>> {
  let items: Slice<N> = new Map()
  let gate: PromiseWithResolvers<void> | undefined
  let refusal: string | undefined
  const refusedItems = new Map<string, string>()
  const feed = createFeed<N>({
    slice,
    controllerUrl,
    token,
    replica: id,
    url: () => `http://${id}.example`,
    async apply(next) {
      items = next
      await gate?.promise
      if (refusal !== undefined) throw new Error(refusal)
    },
    refused: () => new Map([...refusedItems].filter(([key]) => items.has(key))),
    log: quietLog(),
    random: Math.random,
    backoff: { baseMs: 100, maxMs: 500 },
  })
  feed.tellReady(ready)
  await feed.start?.()
  return {
    items: () => items,
    version: feed.version,
    isStale: feed.isStale,
    hold() {
      gate ??= Promise.withResolvers()
    },
    release() {
      gate?.resolve()
      gate = undefined
    },
    refuse(why) {
      refusal = why
    },
    refuseItem(key, why) {
      if (why === undefined) refusedItems.delete(key)
      else refusedItems.set(key, why)
    },
    tellReady: feed.tellReady,
    stop: () => feed.stop?.(),
  }
}
