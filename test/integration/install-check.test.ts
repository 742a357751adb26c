import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startBroker, type TestBroker } from '#test/kit/broker.ts'
import { type Manifest, objectsOf } from '#test/kit/chart.ts'
import { type Platform, startPlatform } from '#test/kit/platform.ts'

// What `helm test` runs, against a whole platform on this machine, with the resources that the chart brings for it.
const root = join(import.meta.dirname, '../..')
const TOKEN = 'let-me-in'
let broker: TestBroker
let platform: Platform
let hooks: readonly Manifest[]

beforeAll(async () => {
  const started = [
    startBroker(),
    startPlatform({ gateways: 2, registryFlags: { auth: 'token', tokens: TOKEN } }),
  ] as const
  broker = await started[0]
  platform = await started[1]
  hooks = (await objectsOf('given-secrets')).filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] === 'test')
})
afterAll(async () => {
  await platform?.stop()
  await broker?.stop()
})

const [REGISTERED, LIMITED, SENT] = [
  /^ok {4} registration and discovery: registered check at http:\/\/127\.0\.0\.1:\d+, discovered it, called it, withdrew it$/,
  /^ok {4} rate limit: 5 requests served, the next refused with 429$/,
  /^ok {4} message: sent with confirm, received as it was$/,
]

it('with the resources of the chart every check holds, again and again', async () => {
  await platform.write('hooks.yaml', resources())
  for (let run = 0; run < 2; run++) {
    const { code, lines } = await check({})
    expect(lines).toEqual([REGISTERED, LIMITED, SENT].map((pattern) => expect.stringMatching(pattern)))
    expect(code).toBe(0)
  }
})

it.each([
  {
    when: 'the token is wrong',
    env: { SOAPLANE_TOKEN_FILE: 'wrong-token' },
    says: 'FAILED registration and discovery: POST /register: expected 201 {"message":"Service check registered successfully"}, got 401',
  },
  {
    when: 'the gateway has no such route',
    env: { SOAPLANE_CHECK_HOST: 'nobody.example' },
    says: 'FAILED rate limit: nobody.example/livez: expected 200, got 404',
  },
  {
    when: 'the limit is another one',
    env: { SOAPLANE_CHECK_LIMIT: '4' },
    says: 'FAILED rate limit: request 5: expected 429 Rate limit exceeded. Please try again later., got 200',
  },
  {
    when: 'RabbitMQ knows no such user',
    env: { AMQP_URL: 'amqp://nobody:secret@127.0.0.1:1' },
    says: 'FAILED message: ',
  },
])('when $when, that check fails, the others hold, and no secret is told', async ({ env, says }) => {
  await platform.write('hooks.yaml', resources())
  const { code, lines } = await check({ SOAPLANE_CHECK_PATIENCE_MS: '1500', ...env })
  expect(code).toBe(1)
  expect(lines).toHaveLength(3)
  expect(lines.filter((line) => line.startsWith('FAILED'))).toEqual([expect.stringContaining(says)])
  expect(lines.join()).not.toContain('secret')
})

/** Both custom resources, the registry where it is here. */
function resources(): readonly object[] {
  const custom = hooks.filter(({ apiVersion }) => apiVersion.startsWith('soaplane.dev/'))
  expect(custom.map(({ kind }) => kind).sort()).toEqual(['Policy', 'Service'])
  return custom.map(({ metadata: { name }, spec, ...rest }) => ({
    ...rest,
    metadata: { name, namespace: 'default' },
    spec: spec.url === undefined ? spec : { ...spec, url: platform.registry.url() },
  }))
}

/** Runs it as its pod does, but for the addresses. */
async function check(env: Readonly<Record<string, string>>) {
  const [container] = hooks.find(({ kind }) => kind === 'Pod')?.spec.containers ?? []
  const told = container.env.filter(({ name }: { name: string }) => /^SOAPLANE_CHECK_/.test(name))
  await writeFile(join(platform.folder, 'token'), `${TOKEN}\n`)
  await writeFile(join(platform.folder, 'wrong-token'), 'let-me-out\n')
  const outcomes = await Promise.allSettled([
    promisify(execFile)(process.execPath, [join(root, container.command[1])], {
      cwd: platform.folder,
      env: {
        ...Object.fromEntries(told.map(({ name, value }: { name: string; value: string }) => [name, value])),
        SOAPLANE_CHECK_NAME: 'check',
        SOAPLANE_REGISTRY_URL: platform.registry.url(),
        SOAPLANE_GATEWAY_URL: platform.gateways[0]?.url() ?? '',
        SOAPLANE_TOKEN_FILE: 'token',
        AMQP_URL: broker.url,
        ...env,
      },
    }),
  ])
  const [outcome] = outcomes
  const { stdout, stderr, code = 0 } = outcome.status === 'fulfilled' ? outcome.value : outcome.reason
  return { code, lines: `${stdout}${stderr}`.trim().split('\n') as readonly string[] }
}
