import { Ajv } from 'ajv'
import { SoaError } from '#lib/error.ts'
import { jsonBody, type RequestHandler } from '#lib/http.ts'
import type { Renewal } from '../leases/spread.ts'
import { renewalsOperation } from './operations.ts'
import type { ApiDeps, Route } from './route.ts'
import { renewalsSchema } from './schemas.ts'

const MAX_BYTES = 2 * 1024 * 1024
const isRenewals = new Ajv().compile<{ readonly from: string; readonly renewals: readonly Renewal[] }>(renewalsSchema)

/** What replicas tell each other. */
export function peerRoutes({ leases, spread }: ApiDeps, guard: RequestHandler): readonly Route[] {
  const take: RequestHandler = (request, response) => {
    if (!isRenewals(request.body)) throw new SoaError('SOA_REQUEST_INVALID', 'renewals are needed', { status: 400 })
    spread.heard(request.body.from)
    for (const { key, instance, ageMs } of request.body.renewals) leases.renew(key, instance, ageMs)
    response.status(204).end()
  }
  const handlers = [guard, ...jsonBody(MAX_BYTES), take]
  return [{ method: 'post', path: '/peer/renewals', operation: renewalsOperation, handlers }]
}
