import { Ajv, type ErrorObject } from 'ajv'
import { durationMs } from '#lib/model/duration.ts'
import { type RegistrationBody, registrationSchema } from './schema.ts'
import { refusedUrl } from './url.ts'

/** A registration that may be written. What is left out stays as it is, but for the lease: without a ttl it ends. */
export interface Registration extends About {
  readonly namespace: string
  readonly name: string
  readonly instance: string
  readonly url: string
  readonly ttlMs?: number
}

type About = Pick<RegistrationBody, (typeof ABOUT)[number]>

export type Parsed =
  | { readonly ok: true; readonly registration: Registration }
  | { readonly ok: false; readonly error: string }

/** What a caller names of an instance: all instances when it names none. */
export interface Which {
  readonly namespace?: string | undefined
  readonly name: string
  readonly instance?: string | undefined
}

export interface ParseOptions {
  /** Of registrations that name none. */
  readonly namespace: string
  readonly allowLoopback: boolean
}

const ABOUT = ['version', 'owner', 'contract', 'metadata', 'health'] as const
const MIN_TTL_MS = 1_000
const MAX_TTL_MS = 24 * 3_600_000
// The fixed answer of DESIGN §1 row 2; what is wrong beyond a missing field follows it.
const INVALID = 'Invalid service registration data'
const ajv = new Ajv({ verbose: true, allowUnionTypes: true })
const isValid = ajv.compile<RegistrationBody>(registrationSchema)
const { properties } = registrationSchema
const isWhich = ajv.compile<Which>({
  type: 'object',
  properties: { namespace: properties.namespace, name: properties.name, instance: properties.instance },
})

/** Reads the body of POST /register; the refusal names the field and the fix. Unknown fields are ignored. */
export function parseRegistration(body: unknown, options: ParseOptions): Parsed {
  const given = (body ?? {}) as { name?: unknown; url?: unknown }
  if (!given.name || !given.url) return refused(INVALID)
  if (!isValid(body)) return refused(said(isValid.errors?.[0] as ErrorObject))
  const { name, namespace = options.namespace, instance = 'default', url, ttl } = body
  const why = refusedUrl(url, options)
  if (why !== undefined) return refused(`${INVALID}: url: ${why}`)
  const ttlMs = ttl === undefined ? undefined : ttlIn(ttl)
  if (ttlMs === 'invalid') return refused(`${INVALID}: ttl: ${properties.ttl.description}`)
  const registration = { namespace, name, instance, url: url.replace(/\/+$/, ''), ...aboutIn(body) }
  return { ok: true, registration: ttlMs === undefined ? registration : { ...registration, ttlMs } }
}

/** Why nothing can be of that name; undefined when something could. They end up in paths to the controller. */
export function refusedWhich(which: Which): string | undefined {
  const given = Object.fromEntries(Object.entries(which).filter(([, value]) => value !== undefined))
  return isWhich(given) ? undefined : said(isWhich.errors?.[0] as ErrorObject)
}

function aboutIn(body: RegistrationBody): About {
  return Object.fromEntries(ABOUT.filter((field) => body[field] !== undefined).map((field) => [field, body[field]]))
}

function ttlIn(ttl: string | number): number | 'invalid' {
  const ms = typeof ttl === 'number' ? Math.round(ttl * 1_000) : durationMs(ttl)
  return ms === undefined || ms < MIN_TTL_MS || ms > MAX_TTL_MS ? 'invalid' : ms
}

function said({ instancePath, keyword, params, parentSchema }: ErrorObject): string {
  const extra = keyword === 'additionalProperties' ? `/${params.additionalProperty}` : ''
  const field = `${instancePath}${extra}`.slice(1).replaceAll('/', '.')
  return `${INVALID}: ${field}: ${parentSchema?.description ?? 'has another form'}`
}

function refused(error: string): Parsed {
  return { ok: false, error }
}
