import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RegistryBed, registryBed } from '#test/kit/registry-bed.ts'
import type { Answer } from '#test/kit/registry-client.ts'

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>
}
interface Operation {
  readonly operationId: string
  readonly parameters: readonly { readonly name: string; readonly in: string }[]
  readonly requestBody?: Content
  readonly responses: Readonly<Record<string, Content>>
}
interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: object
}

let bed: RegistryBed
let document: Document
let ajv: Ajv2020
beforeAll(async () => {
  bed = await registryBed()
  document = (await bed.get('/openapi.json')).body
  ajv = new Ajv2020({ strictTypes: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addVocabulary(['openapi', 'info', 'servers', 'paths', 'components'])
  ajv.addSchema(document, 'registry')
})
afterAll(() => bed?.stop())

/** How to ask each operation so that it answers well; `name` in a path is a service that is there. */
const asking: Readonly<Record<string, { readonly query?: string; readonly body?: object; readonly status?: number }>> =
  {
    register: {
      body: { name: 'ServiceA', url: 'http://10.0.0.1', ttl: '1h', owner: 'team-a', version: '1.2.0' },
      status: 201,
    },
    renew: {},
    deregister: {},
    discover: { query: '?version=1.x&instance=default&namespace=default' },
    services: { query: '?limit=10&owner=team-a' },
    service: {},
    watch: { query: '?wait=0&service=ServiceA' },
    prometheusTargets: {},
    peerRenewals: { body: { from: 'x', renewals: [] }, status: 204 },
    openapi: {},
    livez: {},
    readyz: {},
    metrics: {},
  }

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )

/** What of an answer the document does not say; empty when it is as documented. */
function undocumented({ responses }: Operation, { status, headers, body }: Answer): string {
  const documented = responses[status]
  if (documented === undefined) return `status ${status} is not documented`
  const type = headers.get('content-type')?.split(';')[0] ?? ''
  if (documented.content === undefined) return body === '' ? '' : `${status} is documented without a body`
  const schema = documented.content[type]?.schema
  if (schema === undefined) return `${status} is not documented as ${type}`
  return ajv.validate(resolved(schema), body) ? '' : ajv.errorsText()
}

const resolved = (schema: object): object =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"registry#/components/'))

function ask(path: string, method: string, { operationId }: Operation): Promise<Answer> {
  const { query = '', body } = asking[operationId] ?? {}
  const url = `${path.replace('{name}', 'ServiceA')}${query}`
  if (body !== undefined) return bed.post(url, body)
  return bed.send(method.toUpperCase(), url)
}

describe('/openapi.json', () => {
  it('is OpenAPI 3.1, its schemas are schemas, and every reference leads somewhere', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d$/)
    const { schemas } = document.components as { schemas: Record<string, object> }
    for (const [name, schema] of Object.entries(schemas)) {
      expect(() => ajv.compile({ ...resolved(schema), $id: `check-${name}` })).not.toThrow()
    }
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)]
    expect(references.length).toBeGreaterThan(10)
    for (const [, name] of references) expect(Object.keys(schemas)).toContain(name)
  })

  it('names each operation once, and says each parameter of its path', () => {
    const ids = operations().map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { path, operation } of operations()) {
      const inPath = operation.parameters.filter((each) => each.in === 'path').map((each) => `{${each.name}}`)
      expect([path, path.match(/\{\w+\}/g) ?? []]).toEqual([path, inPath])
    }
  })

  it('tells the truth: every documented operation answers, as documented', async () => {
    await bed.post('/register', asking.register?.body)
    const inOrder = operations().sort((a, b) => Number(a.method === 'delete') - Number(b.method === 'delete'))
    expect(inOrder.length).toBeGreaterThanOrEqual(13)
    for (const { path, method, operation } of inOrder) {
      const what = `${method} ${path}`
      const answer = await ask(path, method, operation)
      expect([what, answer.status]).toEqual([what, asking[operation.operationId]?.status ?? 200])
      expect([what, undocumented(operation, answer)]).toEqual([what, ''])
    }
  })

  it.each([
    ['POST', '/register', '/register', { name: 'a b', url: 'http://a' }, 400],
    ['DELETE', '/register/{name}', '/register/ServiceX', undefined, 404],
    ['PUT', '/register/{name}/lease', '/register/ServiceX/lease', undefined, 404],
    ['GET', '/discover/{name}', '/discover/ServiceX', undefined, 404],
    ['GET', '/services', '/services?limit=0', undefined, 400],
    ['GET', '/services/{name}', '/services/ServiceX', undefined, 404],
    ['GET', '/watch', '/watch?wait=x', undefined, 400],
    ['POST', '/peer/renewals', '/peer/renewals', {}, 400],
  ])('tells how refusals look: %s %s', async (method, path, url, body, status) => {
    const operation = document.paths[path]?.[method.toLowerCase()] as Operation
    const answer = body === undefined ? await bed.send(method, url) : await bed.post(url, body)
    expect([answer.status, undocumented(operation, answer)]).toEqual([status, ''])
  })

  it('takes by its schema what the registry takes, and refuses what it refuses', async () => {
    const schema = document.paths['/register']?.post?.requestBody?.content?.['application/json']?.schema as object
    const bodies = [
      { name: 'Schema', url: 'http://10.0.0.1' },
      { name: 'Schema', url: 'http://10.0.0.1', ttl: 30, metadata: { a: 'b' }, health: { type: 'tcp' } },
      { name: 'Schema' },
      { name: 'a b', url: 'http://10.0.0.1' },
      { name: 'Schema', url: 'http://10.0.0.1', metadata: { a: 1 } },
    ]
    for (const body of bodies) {
      const { status } = await bed.post('/register', body)
      expect([body, ajv.validate(resolved(schema), body)]).toEqual([body, status === 201])
    }
  })
})
