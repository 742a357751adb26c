import { expect, it } from 'vitest'
import { riskOf } from './risk.ts'
import { parse } from './syntax.ts'

it.each([
  { text: 'order.items[price > 10].sku', why: undefined },
  { text: 'items.{"id": sku, "sum": $sum(lines.(price * qty)) & " EUR"}', why: undefined },
  { text: '$map(items, function($item) { $item.qty + 1 }) ~> $join(", ")', why: undefined },
  { text: '$contains(text, "x") and text.$contains("y")', why: undefined },
  { text: '$split(text, ",", 2) ~> $replace("a", "b")', why: undefined },
  { text: '$toMillis(at) + $millis()', why: undefined },
  { text: '$match(text, /^ORD-\\d+$/)', why: undefined },
  { text: '$match(text, /(a+)+$/)', why: 'a regular expression that may backtrack' },
  { text: '$replace(text, /x*y/, "z")', why: 'a regular expression that may backtrack' },
  { text: '$contains(text, pattern)', why: '$contains with what is not in the template' },
  { text: 'text.$contains(pattern)', why: '$contains with what is not in the template' },
  { text: 'text ~> $contains(pattern)', why: '$contains with what is not in the template' },
  { text: '$split(text, separator)', why: '$split with what is not in the template' },
  // In this form the first is searched for, in the context.
  { text: '$split(separator, 2)', why: '$split with what is not in the template' },
  { text: '$replace(text, "a", other)', why: '$replace with what is not in the template' },
  { text: '$map(texts, $contains)', why: '$contains as a value' },
  { text: '($search := $contains; $search(text, pattern))', why: '$contains as a value' },
  { text: '$toMillis(at, "[Y][M]")', why: '$toMillis with what is not in the template' },
  { text: 'at ~> $toMillis("[Y][M]")', why: '$toMillis with what is not in the template' },
  { text: '$parseInteger("1", "0")', why: '$parseInteger with what is not in the template' },
  { text: '$join(?, "-")(items)', why: 'a partial application' },
  { text: '**.sku', why: 'the path **' },
  { text: 'items.*', why: 'the path *' },
  { text: 'a{k: [1, function($x)<s+s+s+s+s+:s> { $x }]}', why: 'a signature that may backtrack' },
])('sends $text to a worker for: $why', ({ text, why }) => expect(riskOf(parse(text)).reason).toBe(why))

it.each([
  { text: 'a.b', says: { measured: 0, grows: false, hasLambdas: false, hasGroups: false } },
  { text: 'a = "x"', says: { measured: 0, grows: false, hasLambdas: false, hasGroups: false } },
  { text: 'a = b', says: { measured: 2, grows: false, hasLambdas: false, hasGroups: false } },
  { text: 'a & "x"', says: { measured: 1, grows: true, hasLambdas: false, hasGroups: false } },
  { text: '$sum(a)', says: { measured: 1, grows: true, hasLambdas: false, hasGroups: false } },
  { text: '$count(a)', says: { measured: 0, grows: true, hasLambdas: false, hasGroups: false } },
  { text: 'a{k: v}', says: { measured: 0, grows: false, hasLambdas: false, hasGroups: true } },
  { text: 'a.{k: v}', says: { measured: 0, grows: false, hasLambdas: false, hasGroups: true } },
  { text: '{"k": function() { 1 }}', says: { measured: 0, grows: false, hasLambdas: true, hasGroups: false } },
])('knows what is to be watched in $text', ({ text, says }) => {
  const { measured, grows, hasLambdas, hasGroups } = riskOf(parse(text))
  expect({ measured: measured.size, grows, hasLambdas, hasGroups }).toEqual(says)
})

it('refuses $eval wherever it stands', () => {
  const refusals = ['$eval("1")', '$map(texts, $eval)', '($e := $eval; $e("1"))'].map(
    (text) => riskOf(parse(text)).refusal,
  )
  expect(refusals).toEqual(Array(3).fill('$eval is not available'))
})
