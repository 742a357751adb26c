import { jsonBody, type RequestHandler, type Response } from '#lib/http.ts'
import { asked } from '#lib/http-operations.ts'
import { allowsLoopback } from '../config.ts'
import { lookup } from '../directory/lookup.ts'
import { parseRegistration, refusedWhich } from '../registration/parse.ts'
import type { Written } from '../registration/store.ts'
import { registerOperation, renewOperation, withdrawOperation } from './operations.ts'
import { type ApiDeps, filled, nameIn, type Route } from './route.ts'

/** POST and DELETE of registrations, and renewal of their leases. */
export function registerRoutes(deps: ApiDeps): readonly Route[] {
  const guards = [authorized(deps), filled(deps, (response, error) => void response.status(503).json({ error }))]
  return [
    {
      method: 'post',
      path: '/register',
      operation: registerOperation,
      handlers: [...guards, ...jsonBody(), register(deps)],
    },
    {
      method: 'delete',
      path: '/register/:name',
      operation: withdrawOperation,
      handlers: [...guards, withdraw(deps)],
    },
    {
      method: 'put',
      path: '/register/:name/lease',
      operation: renewOperation,
      handlers: [...guards, renew(deps)],
    },
  ]
}

function authorized({ authorize }: ApiDeps): RequestHandler {
  return async (request, response, next) => {
    const denied = await authorize(request.get('authorization'))
    if (denied === undefined) return next()
    if (denied.status === 401) response.setHeader('WWW-Authenticate', 'Bearer')
    response.status(denied.status).json({ error: denied.error })
  }
}

function register({ config, registrar }: ApiDeps): RequestHandler {
  const allowLoopback = allowsLoopback(config)
  return async (request, response) => {
    const parsed = parseRegistration(request.body, { namespace: config.namespace, allowLoopback })
    if (!parsed.ok) return void response.status(400).json({ error: parsed.error })
    const written = await registrar.register(parsed.registration)
    if (!written.ok) return refused(response, written)
    response.status(201).json({ message: `Service ${parsed.registration.name} registered successfully` })
  }
}

function withdraw({ config, registrar }: ApiDeps): RequestHandler {
  return async (request, response) => {
    const name = nameIn(request)
    const instance = asked(request, 'instance')
    const namespace = asked(request, 'namespace') ?? config.namespace
    const why = refusedWhich({ namespace, name, instance })
    if (why !== undefined) return void response.status(400).json({ error: why })
    const written = await registrar.withdraw({ namespace, name, instance })
    if (written.ok) return void response.json({ message: `Service ${name} deregistered successfully` })
    if (written.status !== 404) return refused(response, written)
    const error = instance === undefined ? `Service ${name} not found` : `Service ${name} has no instance ${instance}`
    response.status(404).json({ error })
  }
}

function renew(deps: ApiDeps): RequestHandler {
  return (request, response) => {
    const name = nameIn(request)
    const instance = asked(request, 'instance') ?? 'default'
    const namespace = asked(request, 'namespace') ?? deps.config.namespace
    const found = lookup(deps.directory.view(), name, namespace, deps.config.namespace)
    if (!found.found) return void response.status(found.status).json({ error: found.error })
    const endpoint = found.entry.endpoints.find((each) => each.instance === instance)
    if (endpoint === undefined)
      return void response.status(404).json({ error: `Service ${name} has no instance ${instance}` })
    if (!deps.renew(found.key, instance)) {
      const error = `Instance ${instance} of service ${name} has no lease; register it with a ttl`
      return void response.status(409).json({ error })
    }
    response.json({ message: `Lease of service ${name} renewed`, ttl: (endpoint.ttlMs ?? 0) / 1_000 })
  }
}

function refused(response: Response, { status, error }: Extract<Written, { ok: false }>): void {
  if (status === 503) response.setHeader('Retry-After', 1)
  response.status(status).json({ error })
}
