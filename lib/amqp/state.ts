/**
 * How a connection to the broker stands.
 *
 *   down ──connected──► up ◄──unblocked / blocked──► blocked
 *    ▲                  │                              │
 *    └── pause, again ──┴──────── connection lost ─────┘
 */
export type AmqpState =
  | { readonly phase: 'down'; readonly reason: string }
  | { readonly phase: 'up' }
  /** A resource alarm: the broker takes no messages, but still gives them. */
  | { readonly phase: 'blocked'; readonly reason: string }

/** Why nothing can be sent now; undefined when it can. */
export function whyNotSendable(state: AmqpState): string | undefined {
  if (state.phase === 'blocked') return `the broker blocks publishers (${state.reason})`
  return state.phase === 'down' ? `no connection to the broker (${state.reason})` : undefined
}

/** Why nothing can be asked of the broker now: a blocked connection still declares and gives. */
export function whyNotUsable(state: AmqpState): string | undefined {
  return state.phase === 'down' ? whyNotSendable(state) : undefined
}
