import { Agent } from 'undici'
import type { Clock } from '#lib/clock.ts'
import { reasonOf } from '#lib/error.ts'
import type { Log } from '#lib/log.ts'
import type { Metrics } from '#lib/metrics.ts'
import type { Peer } from '#lib/model/slice.ts'
import type { Part } from '#lib/run.ts'

/** One renewal as it travels: as of how long ago, since clocks of two machines share no zero. */
export interface Renewal {
  readonly key: string
  readonly instance: string
  readonly ageMs: number
}

/** Tells the other replicas of renewals, batched and best effort, and knows whether theirs can be heard. */
export interface Spread extends Part {
  readonly tell: (key: string, instance: string) => void
  /** A peer has called; its renewals are in. */
  readonly heard: (peer: string) => void
  /** A peer that should be there does not answer or has fallen silent: it may hold renewals that are not known here. */
  readonly isDeaf: () => boolean
}

export interface SpreadOptions {
  readonly self: string
  readonly peers: () => readonly Peer[]
  readonly token: string | undefined
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

interface Line {
  /** Renewals not yet delivered, by `key instance`, with their moment. */
  readonly pending: Map<string, { readonly key: string; readonly instance: string; readonly at: number }>
  isBusy: boolean
  isLost: boolean
  calledAt: number
  heardAt: number
}

const FLUSH_MS = 100
const BEAT_MS = 1_000
const TIMEOUT_MS = 1_000
const SILENCE_MS = 3 * BEAT_MS
/** Of one call, so that its body stays far below the limit of `/peer/renewals`. */
export const MAX_RENEWALS = 2_000

export function createSpread({ self, peers, token, clock, log, metrics }: SpreadOptions): Spread {
  const lines = new Map<string, Line>()
  const agent = new Agent({ connections: 2 })
  let timer: NodeJS.Timeout | undefined

  const others = () => peers().filter(({ id }) => id !== self)
  const about = 'Peers whose renewals may be missing here; leases do not expire meanwhile'
  metrics.gauge('soa_registry_peers_unheard', about, [], (gauge) => gauge.set(unheard().length))

  function unheard(): readonly Peer[] {
    const now = clock.monotonic()
    return others().filter(({ id }) => {
      const line = lines.get(id)
      return line !== undefined && (line.isLost || now - line.heardAt > SILENCE_MS)
    })
  }

  function lineTo(peer: Peer): Line {
    const now = clock.monotonic()
    const line = lines.get(peer.id) ?? { pending: new Map(), isBusy: false, isLost: false, calledAt: 0, heardAt: now }
    lines.set(peer.id, line)
    return line
  }

  function flush(): void {
    const present = others()
    for (const id of lines.keys()) if (!present.some((peer) => peer.id === id)) lines.delete(id)
    for (const peer of present) {
      const line = lineTo(peer)
      // Called also when there is nothing to tell, so that silence says who is lost.
      const isBeat = clock.monotonic() - line.calledAt >= BEAT_MS
      if (!line.isBusy && (isBeat || (line.pending.size > 0 && !line.isLost))) void call(peer, line)
    }
  }

  async function call(peer: Peer, line: Line): Promise<void> {
    line.isBusy = true
    line.calledAt = clock.monotonic()
    const batch = [...line.pending].slice(0, MAX_RENEWALS)
    const renewals = batch.map(([, { key, instance, at }]) => ({ key, instance, ageMs: clock.monotonic() - at }))
    try {
      await post(peer.url, renewals)
      for (const [id, sent] of batch) if (line.pending.get(id) === sent) line.pending.delete(id)
      if (line.isLost) log.info({ peer: peer.id }, 'Peer registry reached again')
      line.isLost = false
    } catch (error) {
      if (!line.isLost) log.warn({ peer: peer.id, error: reasonOf(error) }, 'Peer registry out of reach')
      line.isLost = true
    } finally {
      line.isBusy = false
    }
  }

  async function post(url: string, renewals: readonly Renewal[]): Promise<void> {
    const { origin, pathname } = new URL(url)
    const { statusCode, body } = await agent.request({
      origin,
      path: `${pathname.replace(/\/$/, '')}/peer/renewals`,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ from: self, renewals }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    await body.dump()
    if (statusCode !== 204) throw new Error(`answered ${statusCode}`)
  }

  return {
    name: 'lease spread',
    start() {
      timer = setInterval(flush, FLUSH_MS)
    },
    async stop() {
      clearInterval(timer)
      await agent.destroy()
    },
    tell(key, instance) {
      for (const peer of others())
        lineTo(peer).pending.set(`${key} ${instance}`, { key, instance, at: clock.monotonic() })
    },
    heard(id) {
      const line = lines.get(id)
      if (line !== undefined) line.heardAt = clock.monotonic()
    },
    isDeaf: () => unheard().length > 0,
  }
}
