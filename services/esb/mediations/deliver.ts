import { failureOf } from './failure.ts'
import type { Failure } from './message.ts'
import type { Outlet } from './outlet.ts'
import type { Delivery } from './plan.ts'
import type { Exit } from './sum.ts'

export type Delivered =
  | { readonly ok: true; readonly deliveries: readonly Delivery[] }
  | { readonly ok: false; readonly failure: Failure }

/** Everything that goes out for what is through with the steps, in order; the first failure is that of the whole message. */
export async function deliver(
  outlets: ReadonlyMap<string, readonly Outlet[]>,
  exits: readonly Exit[],
): Promise<Delivered> {
  const deliveries: Delivery[] = []
  try {
    for (const { work, labels } of exits)
      for (const label of labels)
        for (const outlet of outlets.get(label) ?? []) {
          const delivery = outlet(work)
          // Nothing is waited for where nothing has to be: most destinations are fixed.
          deliveries.push(delivery instanceof Promise ? await delivery : delivery)
        }
  } catch (error) {
    const failure = failureOf(error)
    if (failure === undefined) throw error
    return { ok: false, failure }
  }
  return { ok: true, deliveries }
}
