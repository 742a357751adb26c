import { expect, it } from 'vitest'
import { atLeast, below, exactly, markdownOf, recorded, show } from './report.ts'

it.each([
  [
    atLeast(3, { what: 'a', measured: 3, show: show.ratio }),
    { what: 'a', target: '≥ 3.00×', measured: '3.00×', met: true },
  ],
  [
    atLeast(3, { what: 'a', measured: 2.9, show: show.ratio }),
    { what: 'a', target: '≥ 3.00×', measured: '2.90×', met: false },
  ],
  [
    below(100, { what: 'b', measured: 100, show: show.ms }),
    { what: 'b', target: '< 100.0 ms', measured: '100.0 ms', met: false },
  ],
  [
    exactly(0, { what: 'c', measured: 0, show: show.count }),
    { what: 'c', target: 'exactly 0', measured: '0', met: true },
  ],
])('judges %o', (verdict, expected) => expect(verdict).toEqual(expected))

const report = {
  name: 'proxies',
  title: 'Proxies',
  method: ['One core each.', 'Same backend.'],
  tables: [
    {
      caption: 'With 10 routes',
      head: ['proxy', 'req/s'],
      rows: [
        ['soaplane', '12,000'],
        ['nginx', '9'],
      ],
    },
  ],
  verdicts: [{ what: 'over nginx', target: '≥ 1.00×', measured: '0.50×', met: false }],
}

it('is Markdown with columns that line up', () => {
  expect(markdownOf(report)).toBe(`### Proxies

One core each. Same backend.

**With 10 routes**

| proxy    |  req/s |
|----------|-------:|
| soaplane | 12,000 |
| nginx    |      9 |

| target     | must be | measured |            |
|------------|--------:|---------:|-----------:|
| over nginx | ≥ 1.00× |    0.50× | **missed** |
`)
})

it('replaces its own section of a document, again and again', () => {
  const document = 'Before\n<!-- bench:a -->\nold\n<!-- /bench:a -->\nAfter\n'
  const once = recorded(document, 'a', 'new\n')
  expect(once).toBe('Before\n<!-- bench:a -->\nnew\n<!-- /bench:a -->\nAfter\n')
  expect(recorded(once, 'a', 'new')).toBe(once)
})

it('refuses a document without a place for it', () => {
  expect(() => recorded('nothing', 'a', 'new')).toThrow('no section between <!-- bench:a --> and <!-- /bench:a -->')
})

it.each([
  [show.count(12_345.6), '12,346'],
  [show.ms(1.234), '1.23 ms'],
  [show.ms(12.34), '12.3 ms'],
  [show.megabytes(5_250_000), '5.3 MB'],
  [show.megabytes(299_900_000), '300 MB'],
  [show.percent(0.996), '100 %'],
])('shows %s', (shown, expected) => expect(shown).toBe(expected))
