import { afterAll, beforeAll, expect, it } from 'vitest'
import { PRODUCT_IMAGE } from '#test/kit/cluster/images/product.ts'
import { provideImages } from '#test/kit/cluster/release.ts'
import { theCluster } from '#test/kit/cluster/the-cluster.ts'
import { freePort } from '#test/kit/free-port.ts'
import { readmeSteps, type Step } from '#test/kit/readme.ts'
import { openShell, type Shell } from '#test/kit/shell.ts'

// The README's way, step by step: what is written there is what runs, and what it says comes of it must come of it.
const NAMESPACE = 'soaplane-system'
const cluster = theCluster()

/** The steps that depend on where the cluster comes from, and what is done in their place. */
const INSTEAD: Readonly<Record<string, () => Promise<unknown>>> = {
  'kind create cluster': async () => cluster,
  // The same Dockerfile, by whichever Docker there is, and RabbitMQ's image where none can be pulled.
  'make image': () => provideImages(cluster),
  [`kind load docker-image ${PRODUCT_IMAGE}`]: async () => cluster,
}
/** Ports of this machine that may be somebody's, and free ones for them. */
const PORTS = new Map([
  ['8080', String(await freePort())],
  ['8081', String(await freePort())],
])

const steps = readmeSteps('On Kubernetes')
const removal = steps.findIndex(({ command }) => command.startsWith('helm uninstall'))
const printed = new Map<string, string>()
let shell: Shell

beforeAll(() => {
  shell = openShell(cluster.kubeconfigPath)
})
afterAll(async () => {
  // Again, in case that a step failed before these: nothing of it is for the next file to find.
  for (const { command } of steps.slice(removal)) await shell.run(`${command} --ignore-not-found`)
  shell.stop()
})

it('replaces no other steps than the README has', () => {
  expect(steps.map(({ command }) => command)).toEqual(expect.arrayContaining(Object.keys(INSTEAD)))
})

it.each(steps.slice(0, removal))('takes `$command`', take)

it('has every service Ready', () => {
  const [head, ...rows] = linesOf('kubectl get soasvc').map((line) => line.split(/\s+/))
  expect(head).toEqual(['NAME', 'READY', 'REASON', 'URL', 'AGE'])
  expect(rows.map(([name, ready, reason]) => `${name} ${ready} ${reason}`)).toEqual(
    ['example', 'products', 'service-a', 'service-b', 'service-c', 'users'].map((name) => `${name} True Ready`),
  )
})

it('has every message route Ready', () => {
  const [head, ...rows] = linesOf('kubectl get soamr').map((line) => line.split(/ {2,}/))
  expect(head).toEqual(['NAME', 'READY', 'REASON', 'KEYS', 'URL', 'AGE'])
  expect(rows.map(([name, ready, reason]) => `${name} ${ready} ${reason}`)).toEqual(
    ['approvals', 'notifications', 'orders', 'purchases'].map((name) => `${name} True Ready`),
  )
})

it('is proved by `helm test`', () => {
  const lines = linesOf('helm test')
  expect(lines.filter((line) => line.startsWith('Phase:')).map((line) => line.split(/\s+/)[1])).toEqual([
    'Succeeded',
    'Succeeded',
    'Succeeded',
  ])
  const checks = new Set(lines.flatMap((line) => line.match(/^ok +([^:]+):/)?.[1] ?? []))
  expect([...checks]).toEqual(['registration and discovery', 'rate limit', 'message'])
})

it('answers as the patterns say', () => {
  const answers = steps.flatMap(({ command }) => printed.get(command) ?? [])
  expect(answers).toEqual(
    expect.arrayContaining([
      'Hello from Service A!',
      '{"message":"Service ServiceA registered successfully"}',
      '{"service_url":"http://service-a.default.svc:80"}',
      '200 200 200 200 200 429',
      '{"processed_message":"Purchase of 1200 by Alice processed by Service B"}',
    ]),
  )
})

it('lists every service with its owner, version and health', () => {
  const { services } = JSON.parse(linesOf('curl -s http://127.0.0.1:8081/services').join('')) as {
    services: readonly { name: string; owner?: string; version?: string; health: { status: string } }[]
  }
  expect(services.map(({ name, owner, version, health }) => [name, owner, version, health.status])).toEqual([
    ['example', 'team-platform', '1.0.0', 'healthy'],
    ['products', 'team-catalogue', '2.0.1', 'healthy'],
    ['service-a', 'team-greetings', '1.0.0', 'healthy'],
    ['service-b', 'team-process', '1.0.0', 'healthy'],
    ['service-c', 'team-analysis', '1.0.0', 'healthy'],
    ['ServiceA', undefined, undefined, expect.stringMatching(/^(unknown|healthy)$/)],
    ['users', 'team-accounts', '1.2.0', 'healthy'],
    // The platform's own, in its namespace.
    ['esb', 'soaplane', undefined, 'healthy'],
  ])
})

it.each([NAMESPACE, 'default'])('has no pod in %s that the restricted standard would refuse', async (namespace) => {
  const pods = await shell.run(`kubectl get pods --namespace ${namespace} --output name`)
  expect(pods).not.toBe('')
  // The API server warns of each pod that is there and would not be admitted.
  const label = 'pod-security.kubernetes.io/enforce=restricted'
  await shell.run(`kubectl label --overwrite --dry-run=server --warnings-as-errors namespace ${namespace} ${label}`)
})

it.each(steps.slice(removal))('goes with `$command`', take)

it('leaves no object of its own', async () => {
  const kinds = (await shell.run('kubectl api-resources --verbs=list --output name')).split('\n').join(',')
  const left = await shell.run(
    `kubectl get ${kinds} --all-namespaces --selector app.kubernetes.io/part-of=soaplane --output name`,
  )
  expect(left).toBe('')
})

async function take({ command, answer }: Step): Promise<void> {
  const instead = INSTEAD[command]
  if (instead !== undefined) {
    await instead()
    return
  }
  const typed = command.replaceAll(/\b(8080|8081):|(?<=127\.0\.0\.1:)(8080|8081)/g, (port) =>
    port.replace(/\d+/, (each) => PORTS.get(each) ?? each),
  )
  const said = typed.endsWith(' &') ? await shell.start(typed.slice(0, -2)) : await shell.run(typed)
  printed.set(command, said)
  if (answer !== undefined) expect(said).toBe(answer)
}

/** What the step that begins so has printed. */
function linesOf(begin: string): readonly string[] {
  const said = [...printed].find(([command]) => command.startsWith(begin))?.[1]
  if (said === undefined) throw new Error(`there is no step ${begin}`)
  return said.trim().split('\n')
}
