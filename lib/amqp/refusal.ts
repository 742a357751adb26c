/** The code with which the broker closed a channel (AMQP 0-9-1 §1.2: 404 not found, 405 locked, 406 precondition failed); undefined when it was something else. */
export function refusalCode(error: unknown): unknown {
  return (error as { readonly code?: unknown } | null | undefined)?.code
}
