import { createHash } from 'node:crypto'
import type { Clock } from '#lib/clock.ts'
import { reasonOf, SoaError } from '#lib/error.ts'
import { sameSecret } from '#lib/http.ts'
import type { Log } from '#lib/log.ts'
import { isInCluster, type RegistryConfig } from './config.ts'

interface Review {
  readonly authenticated: boolean
  readonly username?: string
}

export type ReviewToken = (token: string) => Promise<Review>

export interface Denied {
  readonly status: 401 | 403 | 503
  readonly error: string
}

/** Whether the sender of an Authorization header may register; undefined when it may. */
export type Authorize = (authorization: string | undefined) => Promise<Denied | undefined>

export type AuthConfig = Pick<RegistryConfig, 'auth' | 'tokens' | 'allowedUsers' | 'kubernetesHost'>

export interface AuthEnv {
  readonly reviewToken?: ReviewToken | undefined
  readonly clock: Clock
  readonly log: Log
}

const REVIEW_KEPT_MS = 30_000
const REVIEWS_KEPT = 1_000

/** Open only where it was asked for, or outside of a cluster. In one every pod has a token that Kubernetes can review. */
export function authMode(config: Pick<AuthConfig, 'auth' | 'kubernetesHost'>): 'open' | 'token' | 'kubernetes' {
  if (config.auth !== 'auto') return config.auth
  return isInCluster(config) ? 'kubernetes' : 'open'
}

export function createAuthorize(config: AuthConfig, env: AuthEnv): Authorize {
  const mode = authMode(config)
  switch (mode) {
    case 'open':
      return async () => undefined
    case 'token':
      if (config.tokens.length === 0)
        throw new SoaError('SOA_CONFIG_INVALID', 'SOAPLANE_REGISTRY_TOKENS is needed when registration is by token')
      return byToken(config.tokens)
    case 'kubernetes':
      if (env.reviewToken === undefined)
        throw new SoaError('SOA_CONFIG_INVALID', 'SOAPLANE_REGISTRY_AUTH=kubernetes needs a Kubernetes API')
      return byReview(config.allowedUsers, cached(env.reviewToken, env.clock), env.log)
    default:
      return mode satisfies never
  }
}

function byToken(tokens: readonly string[]): Authorize {
  return async (authorization) => {
    const token = bearerIn(authorization)
    if (token === undefined) return unauthenticated('Registration needs a bearer token')
    // All are compared, so that time tells nothing of which.
    const matches = tokens.filter((each) => sameSecret(token, each))
    return matches.length > 0 ? undefined : unauthenticated('This bearer token is not known here')
  }
}

function byReview(allowedUsers: readonly string[], review: ReviewToken, log: Log): Authorize {
  return async (authorization) => {
    const token = bearerIn(authorization)
    if (token === undefined) return unauthenticated('Registration needs a Kubernetes service account token')
    try {
      const { authenticated, username = '' } = await review(token)
      if (!authenticated) return unauthenticated('Kubernetes does not accept this token')
      if (allowedUsers.length === 0 || allowedUsers.some((each) => isUser(username, each))) return undefined
      return { status: 403, error: `${username} may not register here` }
    } catch (error) {
      log.warn({ error: reasonOf(error) }, 'Token review failed')
      return { status: 503, error: 'The token cannot be checked now; try again later' }
    }
  }
}

function isUser(username: string, allowed: string): boolean {
  return allowed.endsWith('*') ? username.startsWith(allowed.slice(0, -1)) : username === allowed
}

function bearerIn(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
}

function unauthenticated(error: string): Denied {
  return { status: 401, error }
}

// Renewals come often; only what was accepted is kept, and only its hash.
function cached(review: ReviewToken, clock: Clock): ReviewToken {
  const kept = new Map<string, { readonly review: Review; readonly until: number }>()
  return async (token) => {
    const hash = createHash('sha256').update(token).digest('base64')
    const known = kept.get(hash)
    if (known !== undefined && known.until > clock.monotonic()) return known.review
    kept.delete(hash)
    const reviewed = await review(token)
    if (!reviewed.authenticated) return reviewed
    kept.set(hash, { review: reviewed, until: clock.monotonic() + REVIEW_KEPT_MS })
    const [oldest] = kept.keys()
    if (kept.size > REVIEWS_KEPT && oldest !== undefined) kept.delete(oldest)
    return reviewed
  }
}
