/** One message of the load. */
export interface Item {
  readonly id: string
  readonly way: Way
  /** The service behind will never take it. */
  readonly poison: boolean
}

/** How a message gets in, and so what becomes of it: a queue, a service, a queue by way of HTTP and two routes, nobody. */
export type Way = 'queue' | 'service' | 'http' | 'nobody'

/** Sends until it is confirmed; rejects when this try was not, whatever the outcome. */
export type Send = (item: Item) => Promise<void>

const SHARES: readonly (readonly [Way, number])[] = [
  ['queue', 0.45],
  ['service', 0.35],
  ['http', 0.15],
  ['nobody', 0.05],
]
const POISON = 0.03

/** The same load for the same seed, without an end. */
export function* items(random: () => number): Generator<Item, never> {
  for (let i = 0; ; i++) {
    const way = wayAt(random())
    yield { id: `${way}-${i}`, way, poison: way === 'service' && random() < POISON }
  }
}

function wayAt(place: number): Way {
  let from = 0
  for (const [way, share] of SHARES) {
    from += share
    if (place < from) return way
  }
  return 'queue'
}

export interface Sending {
  readonly sent: ReadonlySet<string>
  readonly confirmed: ReadonlySet<string>
  /** Tries that ended without a confirm. */
  readonly retries: () => number
  /** Resolves when all are confirmed. */
  readonly done: Promise<void>
}

/** Between two tries: doubled up to the most. */
const AGAIN_MS = 50
const MOST_MS = 1_000
/** Above this the next waits for one of them: a broker that is away must not fill the memory. */
const MAX_OPEN = 2_000

export interface Load {
  readonly items: Iterable<Item>
  readonly perSecond: number
  readonly send: Send
  /** Asked before each item. */
  readonly isEnough: (sent: number) => boolean
}

/** Each item when it is due; whatever fails is sent again with the same id, as senders should. */
export function startSending({ items: all, perSecond, send, isEnough }: Load): Sending {
  const sent = new Set<string>()
  const confirmed = new Set<string>()
  const open = new Set<Promise<void>>()
  let retries = 0

  async function through(item: Item): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await send(item)
        confirmed.add(item.id)
        return
      } catch {
        // Refused, unroutable for now, or of unknown outcome: a sender cannot but send it again.
        retries++
        await after(Math.min(MOST_MS, AGAIN_MS * 2 ** attempt))
      }
    }
  }

  async function run(): Promise<void> {
    const startedMs = performance.now()
    for (const item of all) {
      if (isEnough(sent.size)) break
      const early = startedMs + (sent.size * 1_000) / perSecond - performance.now()
      if (early > 0) await after(early)
      while (open.size >= MAX_OPEN) await Promise.race(open)
      sent.add(item.id)
      const flight: Promise<void> = through(item).finally(() => open.delete(flight))
      open.add(flight)
    }
    await Promise.all(open)
  }
  return { sent, confirmed, retries: () => retries, done: run() }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
