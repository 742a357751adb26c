import type { Destination, MessageRouteEntry } from '#lib/model/esb.ts'
import { received } from './content.ts'
import { compileOutlets, type Outlet } from './outlet.ts'
import type { Mediation } from './plan.ts'
import type { Workshop } from './stage.ts'
import { compileStep } from './steps/kinds.ts'
import { caseLabel } from './steps/route.ts'
import type { Tools } from './tools.ts'
import { TO, walk } from './walk.ts'

/** Compiles a route; throws where a template or a schema does not compile. */
export function createMediation(entry: MessageRouteEntry, tools: Tools): Mediation {
  const { namespace, object, steps } = entry
  const workshop: Workshop = { ...tools, namespace, object, route: `${namespace}/${object}` }
  const route = { stages: steps.map((step) => compileStep(step, workshop)), outlets: outletsOf(entry, workshop) }
  return {
    plan(message, ports, attempt = 1) {
      const work = { id: message.id, message, attempt, content: received(message), taken: [] }
      return walk(route, { next: 0, works: [work], taps: [], trace: [] }, ports)
    },
    resume() {
      throw new Error('Groups are not built yet')
    },
  }
}

function outletsOf({ steps, to }: MessageRouteEntry, workshop: Workshop): ReadonlyMap<string, readonly Outlet[]> {
  const lists: [label: string, destinations: readonly Destination[]][] = [[TO, to]]
  for (const step of steps)
    if (step.kind === 'route')
      for (const [index, { to }] of step.cases.entries()) lists.push([caseLabel(step.name, index), to])
  return new Map(lists.map(([label, destinations]) => [label, compileOutlets(destinations, label, workshop)]))
}
