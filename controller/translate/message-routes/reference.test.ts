import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { messageRouteOf } from '#test/gen/objects.ts'
import { KINDS_OF_STEP } from '../../api/message-route/steps.ts'
import { messageRouteSpec } from '../../api/message-route.ts'
import type { Schema } from '../../api/schema.ts'
import { faultOf, REFUSAL_REASONS } from './faults.ts'

const page = readFileSync(join(import.meta.dirname, '../../../docs/reference/message-route.md'), 'utf8')
const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => parse(text as string))

/** Every field of a schema that users write. */
function fieldsOf({ properties = {}, items }: Schema): readonly string[] {
  const own = Object.entries(properties).flatMap(([name, inner]) => [name, ...fieldsOf(inner)])
  return items === undefined ? own : [...own, ...fieldsOf(items)]
}

describe('the reference of MessageRoute', () => {
  it('names every field, every kind of step and every reason', () => {
    const words = new Set(page.match(/[A-Za-z]+/g))
    const all = [...fieldsOf(messageRouteSpec), ...KINDS_OF_STEP, ...REFUSAL_REASONS, 'ServiceNotFound']
    expect(all.filter((each) => !words.has(each))).toEqual([])
  })

  it('shows examples that hold', () => {
    expect(examples.length).toBeGreaterThan(0)
    for (const { metadata, spec } of examples) expect(faultOf(messageRouteOf(metadata.name, spec))).toBeUndefined()
  })
})
