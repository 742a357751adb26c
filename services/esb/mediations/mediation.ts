import { type Destination, type MessageRouteEntry, routeKey } from '#lib/model/esb.ts'
import { made, received } from './content.ts'
import { compileOutlets, type Outlet } from './outlet.ts'
import type { Group, Held, Mediation, Plan, Ports } from './plan.ts'
import type { Workshop } from './stage.ts'
import { compileStep } from './steps/kinds.ts'
import { caseLabel } from './steps/route.ts'
import type { Tools } from './tools.ts'
import { type CompiledRoute, TO, walk } from './walk.ts'
import type { Work } from './work.ts'

/**
 * Compiles a route; throws where a template or a schema does not compile. What the order of steps must be, as that nothing
 * is collected after a split, is admission's to see to.
 */
export function createMediation(entry: MessageRouteEntry, tools: Tools): Mediation {
  const { namespace, object, steps } = entry
  const workshop: Workshop = { ...tools, namespace, object, route: routeKey(entry) }
  const route = { stages: steps.map((step) => compileStep(step, workshop)), outlets: outletsOf(entry, workshop) }
  return {
    plan(message, ports, attempt = 1) {
      const work = { id: message.id, message, attempt, content: received(message) }
      return walk(route, { works: [work], taps: [] }, ports)
    },
    resume: (group, held, ports) => resume(route, group, held, ports),
  }
}

function outletsOf({ steps, to }: MessageRouteEntry, workshop: Workshop): ReadonlyMap<string, readonly Outlet[]> {
  const lists: [label: string, destinations: readonly Destination[]][] = [[TO, to]]
  for (const step of steps)
    if (step.kind === 'route')
      for (const [index, { to }] of step.cases.entries()) lists.push([caseLabel(step.name, index), to])
  return new Map(lists.map(([label, destinations]) => [label, compileOutlets(destinations, label, workshop)]))
}

/** From the step that held them: it makes one message of the group, which goes on like any other. */
async function resume(route: CompiledRoute, group: Group, held: readonly Held[], ports: Ports): Promise<Plan> {
  const at = route.stages.findIndex(({ name }) => name === group.step)
  const stage = route.stages[at]
  const members = held.map(workOf)
  const [first] = members
  if (stage?.join === undefined || first === undefined)
    throw new Error(`There is nothing to make of ${held.length} messages that step ${group.step} held`)
  const { join } = stage
  const stages = [{ ...stage, run: () => join(members) }, ...route.stages.slice(at + 1)]
  return walk({ ...route, stages }, { works: [first], taps: held.flatMap(({ taps = [] }) => taps) }, ports)
}

function workOf({ message, value, attempt = 1 }: Held): Work {
  return { id: message.id, message, attempt, content: made(received(message), value) }
}
