/** Limit: the validation took too long. Busy: too much waits for a worker, or the process stops; it may do later. */
export class SchemaError extends Error {
  readonly kind: 'Limit' | 'Busy'

  constructor(kind: 'Limit' | 'Busy', message: string) {
    super(message)
    this.name = 'SchemaError'
    this.kind = kind
  }
}
