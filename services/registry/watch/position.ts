/** Where a watcher stands: `<epoch>.<n>` on the wire. The epoch names one life of one registry replica. */
export interface Position {
  readonly epoch: string
  readonly n: number
}

export function formatPosition({ epoch, n }: Position): string {
  return `${epoch}.${n}`
}

/** Undefined for what is no index: its sender starts over, as one from another epoch does. */
export function parsePosition(text: unknown): Position | undefined {
  const [, epoch, n] = /^([A-Za-z0-9-]{1,64})\.([0-9]{1,15})$/.exec(typeof text === 'string' ? text : '') ?? []
  return epoch === undefined || n === undefined ? undefined : { epoch, n: Number(n) }
}
