import { SoaError } from '#lib/error.ts'

/** What the broker was asked for on behalf of a client; a broker that cannot answer now is a 503, whose cause is for the log alone. */
export async function fromBroker<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (cause) {
    if (cause instanceof SoaError && cause.code === 'SOA_UNAVAILABLE') throw cause
    throw new SoaError('SOA_UNAVAILABLE', 'The broker cannot answer now', { status: 503, cause })
  }
}
