import manifest from '../../../package.json' with { type: 'json' }
import type { Operation } from './operation.ts'
import { documentOperation, processOperations } from './operations.ts'
import type { Route } from './route.ts'
import { schemas } from './schemas.ts'

type Described = Pick<Route, 'method' | 'path' | 'operation'>

/** GET /openapi.json: the document of these routes, of itself and of the process contract. */
export function openApiRoute(routes: readonly Described[]): Route {
  const own: Described = { method: 'get', path: '/openapi.json', operation: documentOperation }
  const process = Object.entries(processOperations).map(([path, operation]): Described => {
    return { method: 'get', path, operation }
  })
  const text = JSON.stringify(documentOf([...routes, own, ...process]))
  return { ...own, handlers: [(_request, response) => void response.type('application/json').send(text)] }
}

function documentOf(routes: readonly Described[]): object {
  const paths: Record<string, Record<string, Operation>> = {}
  for (const { method, path, operation } of routes) {
    const template = path.replace(/:(\w+)/g, '{$1}')
    paths[template] = { ...paths[template], [method]: operation }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Soaplane registry',
      summary: 'Registration, discovery and inventory of services.',
      version: manifest.version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        registrant: {
          type: 'http',
          scheme: 'bearer',
          description: 'Who may register; nobody is asked when it is open.',
        },
        control: {
          type: 'http',
          scheme: 'bearer',
          description: "The token of the platform's own parts, where one is set.",
        },
      },
    },
  }
}
