import type { GatewayEntry, RouteMatch } from '#lib/model/gateway.ts'

/** One rule of one entry, with what the gateway serves it by. */
export interface Rule<S> {
  readonly entry: GatewayEntry
  /** Place among the entry's rules. */
  readonly index: number
  readonly match: RouteMatch
  readonly serve: S
}

/** What of a request decides on its route. */
export interface Asked {
  /** As `hostOf` gives it. */
  readonly host: string
  /** As `normalisePath` gives it. */
  readonly path: string
  readonly method: string
  /** A field's value by its name in lower case; several lines are joined by commas. */
  readonly header: (name: string) => string | undefined
  /** With its question mark, or empty. */
  readonly query: string
}
