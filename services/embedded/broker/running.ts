/** A broker that this process has started. */
export interface RunningBroker {
  readonly url: string
  /** For people: where it came from. */
  readonly how: string
  /** Why it is no longer running; undefined while it runs. */
  readonly ended: () => string | undefined
  readonly stop: () => Promise<void>
}
