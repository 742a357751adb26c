import { expect, it } from 'vitest'
import { textOf } from './text.ts'

const at = { level: 'warn', time: '2026-01-02T21:03:17.123Z', service: 'controller' }

it.each([
  [{ ...at, msg: 'Stopped' }, '21:03:17 WARN  controller  Stopped'],
  [
    { ...at, file: 'a.yaml', document: 2, field: 'spec.url', message: 'is not a "URL"', msg: 'Document refused' },
    '21:03:17 WARN  controller  Document refused  file=a.yaml document=2 field=spec.url message="is not a "URL""',
  ],
  [
    { ...at, parts: ['a', 'b'], field: '', msg: 'Held on' },
    '21:03:17 WARN  controller  Held on  parts=["a","b"] field=""',
  ],
  [{ ...at, error: 'first\nsecond', msg: 'x' }, String.raw`21:03:17 WARN  controller  x  error="first\nsecond"`],
])('a record is one line for a person', (record, line) => expect(textOf(record)).toBe(line))
