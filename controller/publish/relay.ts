import type { Clock } from '#lib/clock.ts'
import { reasonOf } from '#lib/error.ts'
import { deadline } from '#lib/kube/deadline.ts'
import { pause } from '#lib/kube/pause.ts'
import type { Log } from '#lib/log.ts'
import type { Part } from '#lib/run.ts'
import type { Hub } from './hub.ts'
import { everyReplica, type Replica } from './replicas.ts'

/**
 * Makes the replicas of every controller known to the one that leads, which alone writes statuses, and to the others,
 * whose replicas need their peers: a follower posts its own to the leader and is answered with all others'.
 *
 *   follower ── POST /relay {controller, replicas} ──► leader
 *            ◄── {replicas: everyone's but the asker's} ──
 */
export interface Relay extends Part {
  /** Replicas connected to other controllers. */
  readonly elsewhere: () => Iterable<Replica>
  /** Leader: takes a follower's replicas, answers everyone else's. */
  readonly take: (controller: string, replicas: readonly Replica[]) => readonly Replica[]
}

export interface RelayOptions {
  readonly controller: string
  readonly hub: () => Hub
  /** Control URL of the leader; undefined while this process leads or nobody is known to. */
  readonly leaderUrl: () => string | undefined
  readonly token: string | undefined
  readonly onChange: () => void
  readonly clock: Clock
  readonly log: Log
}

const EVERY_MS = 1_000
/** A follower that has not posted for this long is gone with its replicas: they dial another controller. */
const FORGET_MS = 5_000
const ANSWER_WITHIN_MS = 2_000

export function createRelay({ controller, hub, leaderUrl, token, onChange, clock, log }: RelayOptions): Relay {
  const followers = new Map<string, { readonly replicas: readonly Replica[]; readonly at: number }>()
  const stopping = new AbortController()
  let fromLeader: readonly Replica[] = []
  /** Given when there is something to post; renewed before each post, so that a change during one is not missed. */
  let wake = new AbortController()
  let reached = true
  let loop: Promise<void> | undefined

  function elsewhere(): readonly Replica[] {
    if (leaderUrl() !== undefined) return fromLeader
    return [...followers.values()].reduce<readonly Replica[]>((all, each) => everyReplica(all, each.replicas), [])
  }

  function forgetSilent(): void {
    const now = clock.monotonic()
    for (const [id, { at, replicas }] of followers) {
      if (now - at < FORGET_MS) continue
      followers.delete(id)
      log.warn({ controller: id, replicas: replicas.length }, 'Follower fell silent, its replicas no longer count')
      onChange()
    }
  }

  function change(next: readonly Replica[], last: readonly Replica[]): void {
    if (JSON.stringify(next) !== JSON.stringify(last)) onChange()
  }

  async function post(url: string): Promise<void> {
    const limit = deadline(ANSWER_WITHIN_MS, stopping.signal)
    try {
      const response = await fetch(`${url}/relay`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify({ controller, replicas: [...hub().replicas().values()] }),
        signal: limit.signal,
      })
      const body = await response.text()
      if (!response.ok) throw new Error(`leader answered ${response.status}`)
      const last = fromLeader
      fromLeader = (JSON.parse(body) as { replicas: readonly Replica[] }).replicas
      change(fromLeader, last)
    } finally {
      limit.end()
    }
  }

  async function follow(): Promise<void> {
    while (!stopping.signal.aborted) {
      wake = new AbortController()
      const url = leaderUrl()
      try {
        if (url !== undefined) await post(url)
        reached = true
      } catch (error) {
        if (reached && !stopping.signal.aborted) log.warn({ error: reasonOf(error) }, 'Leader out of reach')
        reached = false
      }
      forgetSilent()
      await pause(EVERY_MS, wake.signal)
    }
  }

  return {
    name: 'relay',
    start() {
      hub().onReplicas(() => wake.abort())
      loop = follow()
    },
    async stop() {
      stopping.abort()
      wake.abort()
      await loop
    },
    elsewhere,
    take(from, replicas) {
      const last = followers.get(from)?.replicas ?? []
      followers.set(from, { replicas, at: clock.monotonic() })
      change(replicas, last)
      // What the asker holds itself it knows best.
      const theirs = new Set(replicas.map(({ id }) => id))
      return everyReplica(hub().replicas().values(), elsewhere()).filter(({ id }) => !theirs.has(id))
    },
  }
}
