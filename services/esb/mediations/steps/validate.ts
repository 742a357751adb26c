import type { Compile, Verdict } from '../stage.ts'

/** Holds a message against a JSON Schema: one that does not fit never will. */
export const validate: Compile<'validate'> = ({ kind, name, schema }, { schemas }) => {
  const validator = schemas.compile(schema)
  return {
    ...{ kind, name, atOnce: 1 },
    run(work) {
      const value = work.content.value()
      if (value === undefined) return violated('it is neither JSON nor text')
      const violations = validator.validate(value)
      return violations instanceof Promise ? violations.then(judged) : judged(violations)

      function judged(violations: string | undefined): Verdict {
        return violations === undefined ? { outcome: 'next', work, did: 'found it valid' } : violated(violations)
      }
    },
  }
}

function violated(violations: string): Verdict {
  const message = `The body does not fit the schema: ${violations}`
  const failure = { class: 'Permanent', reason: 'SchemaViolation', message } as const
  return { outcome: 'fail', failure, did: `failed: ${message}` }
}
