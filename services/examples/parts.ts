import type { Part } from '#lib/run.ts'
import { type Example, type ExampleEnv, examplePart } from './example.ts'
import { exampleEndpoint } from './example-endpoint.ts'
import { products } from './products.ts'
import { serviceA } from './service-a.ts'
import { serviceB } from './service-b.ts'
import { serviceC } from './service-c.ts'
import { users } from './users.ts'

/** In the order of their default ports, 5001 on. */
export const EXAMPLES: readonly Example[] = [serviceA, serviceB, serviceC, users, products, exampleEndpoint]

export interface Examples {
  readonly parts: readonly Part[]
  /** Name → URL, once the parts have started. */
  readonly urls: () => ReadonlyMap<string, string>
}

export interface ExamplesOptions {
  readonly host: string
  /** Port of the first of EXAMPLES; each keeps its place whichever run. 0 lets the system choose each. */
  readonly port: number
  /** Names of those to run; all if left out. */
  readonly run?: readonly string[]
}

export function examples({ host, port, run }: ExamplesOptions, env: ExampleEnv): Examples {
  const all = EXAMPLES.map((example, index) => ({ example, port: port === 0 ? 0 : port + index }))
  const parts = all
    .filter(({ example }) => run === undefined || run.includes(example.name))
    .map(({ example, port }) => examplePart(example, { host, port }, env))
  return { parts, urls: () => new Map(parts.map((part) => [part.name, part.url()])) }
}
