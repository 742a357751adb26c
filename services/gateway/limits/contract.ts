import type { RateLimit } from '#lib/model/gateway.ts'

/**
 * How the gateway composes the limiter (parts.ts):
 *
 *   const limits = createLimiter({ replica, peers: feed.peers, token, log, metrics, clock, random, settings })
 *   …order of parts: [api, wsPart('limits', api.server, limits.routes), ...limits.parts, feed, dataServer]
 *   …on each new table: limits.limiter.configure(every RateLimit of it), before the first admit with it
 *
 * `api` is the control port whose URL the feed advertises; `routes` are WebSocket routes, so a gateway with other
 * upgrades on that port hands all of them to one wsPart. The order matters at the stop: intake ends first, then the
 * logs are handed over while peers can still be answered. Settings: spread `limitSettings` (settings.ts) into the config.
 */

/** What a request tells of itself when a limit's key asks; called at most once a limit, only for the kind of key it has. */
export interface LimitSubject {
  readonly clientIp: () => string
  /** The field's value, several lines joined; the name comes in lower case. */
  readonly header: (name: string) => string | undefined
  readonly consumer: () => string | undefined
}

/** The answer for one request, by all its limits together. */
export interface Admission {
  readonly admitted: boolean
  /** Flat `[name, value, …]` for the response, refused or not: RateLimit-Policy, RateLimit, and Retry-After when refused. */
  readonly headers: readonly string[]
  /** Names of the limits that refused; empty when admitted. */
  readonly violated: readonly string[]
  /** Names of the limits in Audit mode that would have refused. */
  readonly audited: readonly string[]
  /**
   * Those of `violated` that refused without being asked: `onError: closed`, and the owner is out of reach. Absent when
   * there are none. When all of `violated` are such, the request has not been too many: 503 says more than 429.
   */
  readonly unasked?: readonly string[]
}

export interface Limiter {
  /**
   * Takes one unit of each limit, or none of any. Answers at once, not by a promise, whenever this replica owns every
   * counter concerned. Never rejects: an owner that cannot be asked is what `onError` is for.
   */
  readonly admit: (limits: readonly RateLimit[], subject: LimitSubject) => Admission | Promise<Admission>
  /** Makes these the limits in force; counters of ids that stay are kept, and so are those of ids that left until their window is over. */
  readonly configure: (limits: Iterable<RateLimit>) => void
}
