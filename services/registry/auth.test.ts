import { describe, expect, it } from 'vitest'
import { quietLog } from '#test/kit/quiet.ts'
import { type AuthConfig, type AuthEnv, authMode, createAuthorize, type ReviewToken } from './auth.ts'
import { allowsLoopback } from './config.ts'

const config: AuthConfig = { auth: 'open', tokens: [], allowedUsers: [], kubernetesHost: undefined }
let now = 0
const env: AuthEnv = { clock: { now: () => now, monotonic: () => now }, log: quietLog() }

describe('who may register', () => {
  it.each([
    ['auto', undefined, 'open'],
    ['auto', '10.96.0.1', 'kubernetes'],
    ['open', '10.96.0.1', 'open'],
    ['token', undefined, 'token'],
  ] as const)('with %s, in a cluster at %s, is decided by %s', (auth, kubernetesHost, mode) => {
    expect(authMode({ auth, kubernetesHost })).toBe(mode)
  })

  it.each([
    ['auto', undefined, true],
    ['auto', '10.96.0.1', false],
    ['allow', '10.96.0.1', true],
    ['refuse', undefined, false],
  ] as const)('loopback %s, in a cluster at %s: %s', (loopback, kubernetesHost, allows) => {
    expect(allowsLoopback({ loopback, kubernetesHost })).toBe(allows)
  })

  it('is everybody when open', async () => {
    expect(await createAuthorize(config, env)(undefined)).toBeUndefined()
  })

  it('cannot be started without what it asks of', () => {
    expect(() => createAuthorize({ ...config, auth: 'token' }, env)).toThrow('SOAPLANE_REGISTRY_TOKENS is needed')
    expect(() => createAuthorize({ ...config, auth: 'kubernetes' }, env)).toThrow('needs a Kubernetes API')
  })
})

describe('by token', () => {
  const authorize = createAuthorize({ ...config, auth: 'token', tokens: ['first', 'second'] }, env)

  it.each(['Bearer first', 'bearer second', 'Bearer  first'])('takes %j', async (header) => {
    expect(await authorize(header)).toBeUndefined()
  })

  it.each([
    [undefined, 'Registration needs a bearer token'],
    ['', 'Registration needs a bearer token'],
    ['Basic Zmlyc3Q=', 'Registration needs a bearer token'],
    ['Bearer ', 'Registration needs a bearer token'],
    ['Bearer firs', 'This bearer token is not known here'],
    ['Bearer first,second', 'This bearer token is not known here'],
    ['Bearer firstsecond', 'This bearer token is not known here'],
  ])('refuses %j', async (header, error) => expect(await authorize(header)).toEqual({ status: 401, error }))
})

describe('by Kubernetes', () => {
  const asked: string[] = []
  const review: ReviewToken = async (token) => {
    asked.push(token)
    if (token === 'broken') throw new Error('the API server is away')
    return token.startsWith('good') ? { authenticated: true, username: token.slice(5) } : { authenticated: false }
  }
  const authorize = (allowedUsers: readonly string[] = []) =>
    createAuthorize({ ...config, auth: 'kubernetes', allowedUsers }, { ...env, reviewToken: review })

  it('takes whom Kubernetes knows, refuses others, and says when it cannot ask', async () => {
    const decide = authorize()
    expect(await decide('Bearer good:alice')).toBeUndefined()
    expect(await decide('Bearer bad')).toEqual({ status: 401, error: 'Kubernetes does not accept this token' })
    expect(await decide(undefined)).toEqual({
      status: 401,
      error: 'Registration needs a Kubernetes service account token',
    })
    expect(await decide('Bearer broken')).toEqual({
      status: 503,
      error: 'The token cannot be checked now; try again later',
    })
  })

  it.each([
    ['system:serviceaccount:shop:a', true],
    ['system:serviceaccount:stock:a', false],
    ['alice', true],
    ['alice2', false],
  ])('lets in of the allowed alone: %s %s', async (user, isAllowed) => {
    const decide = authorize(['alice', 'system:serviceaccount:shop:*'])
    expect(await decide(`Bearer good:${user}`)).toEqual(
      isAllowed ? undefined : { status: 403, error: `${user} may not register here` },
    )
  })

  it('asks once in half a minute for a token that was accepted, always for others', async () => {
    const decide = authorize()
    const count = async (token: string, times: number) => {
      asked.length = 0
      for (let i = 0; i < times; i++) await decide(`Bearer ${token}`)
      return asked.length
    }
    expect(await count('good:carol', 5)).toBe(1)
    now += 30_001
    expect(await count('good:carol', 5)).toBe(1)
    expect(await count('bad', 3)).toBe(3)
    expect(await count('broken', 3)).toBe(3)
  })

  it('forgets the oldest of very many', async () => {
    const decide = authorize()
    for (let i = 0; i <= 1_000; i++) await decide(`Bearer good:${i}`)
    asked.length = 0
    await decide('Bearer good:1000')
    await decide('Bearer good:0')
    expect(asked).toEqual(['good:0'])
  })
})
