/** The bus's own headers: where a message stands on its way. */
export const EXCHANGE = 'soa-exchange'
export const KEY = 'soa-key'
export const ATTEMPT = 'soa-attempt'
export const HOPS = 'soa-hops'
export const REPLAYS = 'soa-replays'
export const GENERATION = 'soa-route-generation'
/** Milliseconds since the epoch: a wait longer than the longest delay queue takes laps. */
export const RESUME_AT = 'soa-resume-at'
/** The tries that failed, as JSON. */
export const FAILURES = 'soa-failures'
/** Deliveries of an earlier try that arrived: they are not made again. */
export const DONE = 'soa-done'
export const ERROR_REASON = 'soa-error-reason'
export const ERROR_MESSAGE = 'soa-error-message'
export const ERROR_STEP = 'soa-error-step'
export const FAILED_AT = 'soa-failed-at'
/** On a reply that the bus itself gives. */
export const OUTCOME = 'soa-outcome'
export const CHANNEL = 'soa-channel'

/** All headers of a message together may take 64 KiB; these may grow. */
export const MAX_HISTORY_BYTES = 4_096
export const MAX_MESSAGE_CHARS = 1_024
export const MAX_DONE = 256

// A broker of 3.10 reads an `x-death` that a client sends, and drops what it takes for a cycle. CC and BCC send copies.
const BROKERS = /^(x-death|x-first-death-.*|x-last-death-.*|x-delivery-count|x-acquired-count|x-stream-offset|cc|bcc)$/i

/** What a sender wrote, and may be passed on: nothing of a broker's, nothing of the bus's. */
export function sendersHeaders(headers: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  let clean = true
  for (const name in headers) if (name.startsWith('soa-') || BROKERS.test(name)) clean = false
  if (clean) return headers
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('soa-') && !BROKERS.test(name)))
}
