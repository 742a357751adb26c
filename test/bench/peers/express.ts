import express from 'express'
import { rateLimit } from 'express-rate-limit'
import { createProxyMiddleware } from 'http-proxy-middleware'
import { GENEROUS, peerArguments, prefixes } from './routes.ts'

// express + http-proxy-middleware + express-rate-limit as their documentation has it; its default agent keeps alive.
const { port, backend, routes, limited } = peerArguments(process.argv)
const app = express()
if (limited) app.use(rateLimit({ windowMs: GENEROUS.periodMs, limit: GENEROUS.limit, standardHeaders: 'draft-8' }))
for (const prefix of prefixes(routes)) app.use(prefix, createProxyMiddleware({ target: `${backend}${prefix}` }))
app.listen(port, '127.0.0.1')
