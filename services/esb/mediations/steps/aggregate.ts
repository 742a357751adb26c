import { group } from '../content.ts'
import { Halt } from '../failure.ts'
import { groupId } from '../identity.ts'
import type { Compile, Verdict } from '../stage.ts'
import { compileBody, compileText } from '../template.ts'
import { propertiesOf } from '../work.ts'

/** Collects messages: on the way here each is held, and `join` makes one of a group. */
export const aggregate: Compile<'aggregate'> = ({ kind, name, correlation, size, windowMs, value }, workshop) => {
  const correlate = compileText(correlation, { what: 'The correlation', mayBeEmpty: false }, workshop)
  const combine = value === undefined ? undefined : compileBody(value, workshop)
  return {
    ...{ kind, name, atOnce: 1 },
    async run(work): Promise<Verdict> {
      const { message, attempt, content } = work
      const held = { message, attempt, value: content.value() }
      // It would be lost: a list of values has no place for bytes.
      if (held.value === undefined) throw new Halt('Unreadable', 'The body is neither JSON nor text')
      const correlation = await correlate(work)
      const group = { step: name, correlation, size, windowMs }
      return { outcome: 'hold', group, held, did: `holds it for a group of ${size}, ${windowMs} ms at most` }
    },
    async join(members) {
      const [first] = members
      if (first === undefined) throw new Error('A group has at least one member')
      const id = groupId(members.map((member) => member.id))
      const values = members.map(({ content }) => content.value())
      const did = `made one message of ${members.length}`
      const joined = { ...first, id, content: group(first.content, values, id) }
      if (combine === undefined) return { outcome: 'next', work: joined, did }
      const messages = members.map((member) => ({ ...propertiesOf(member), headers: member.message.headers }))
      const content = group(first.content, await combine(joined, { messages }), id)
      return { outcome: 'next', work: { ...joined, content }, did }
    },
  }
}
