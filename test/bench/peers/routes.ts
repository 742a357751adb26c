/** The routes every proxy has: the same paths that load.lua asks for, all to the same backend. */
export function prefixes(routes: number): readonly string[] {
  return Array.from({ length: routes }, (_, i) => `/svc-${i}`)
}

/** A limit that admits all of the load: what is measured is deciding and counting, not refusing. */
export const GENEROUS = { limit: 1_000_000, periodMs: 10_000, period: '10s' } as const

/** The command line of a peer: `<port> <backend> <routes> <limited>`. */
export function peerArguments(argv: readonly string[]) {
  const [port, backend, routes, limited] = argv.slice(2)
  return { port: Number(port), backend: String(backend), routes: Number(routes), limited: limited === 'true' }
}
