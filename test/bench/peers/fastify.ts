import httpProxy from '@fastify/http-proxy'
import rateLimit from '@fastify/rate-limit'
import fastify from 'fastify'
import { GENEROUS, peerArguments, prefixes } from './routes.ts'

// One agent for all routes (`globalAgent`): a pool for each of 1,000 would open sockets without end.
const { port, backend, routes, limited } = peerArguments(process.argv)
const app = fastify({ logger: false })
if (limited) await app.register(rateLimit, { timeWindow: GENEROUS.periodMs, max: GENEROUS.limit })
for (const prefix of prefixes(routes)) {
  await app.register(httpProxy, { upstream: backend, prefix, rewritePrefix: prefix, globalAgent: true })
}
await app.listen({ port, host: '127.0.0.1' })
