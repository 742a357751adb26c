/** Where time comes from; handed in, so that decisions stay pure and tests can hold the hands. */
export interface Clock {
  /** Wall time, milliseconds since the epoch: for what users read. */
  readonly now: () => number
  /** Milliseconds that never go backwards: for windows, leases and deadlines. */
  readonly monotonic: () => number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
}
