import { piecesOf } from './template.ts'

const MAX_KEPT = 2_000
const kept = new Map<string, string | undefined>()

/**
 * Why a template is broken, with the position (1 = its first character); undefined when it can be compiled.
 * What was asked lately is kept: a controller asks the same again at each change of its world.
 */
export function checkTemplate(text: string): string | undefined {
  if (kept.has(text)) return kept.get(text)
  const taken = piecesOf(text)
  const fault = 'fault' in taken ? taken.fault : undefined
  if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value as string)
  kept.set(text, fault)
  return fault
}
