import { describe, expect, it } from 'vitest'
import { messageOf, tools } from '#test/gen/mediation.ts'
import { received } from './content.ts'
import { compilePath } from './path.ts'

function pathOf(template: string, body: unknown): Promise<string> {
  const workshop = { ...tools, route: 'default/orders', namespace: 'default', object: 'orders' }
  const message = messageOf(body)
  const work = { id: 'm', message, attempt: 1, content: received(message) }
  return Promise.resolve().then(() => compilePath(template, workshop)(work))
}

describe('the path of a call', () => {
  it.each([
    { template: '/users', body: {}, gives: '/users' },
    { template: '/grüße an alle', body: {}, gives: '/gr%C3%BC%C3%9Fe%20an%20alle' },
    { template: '/users/{% id %}', body: { id: 7 }, gives: '/users/7' },
    { template: '/users/{% id %}', body: { id: 'a/../b?c#d' }, gives: '/users/a%2F..%2Fb%3Fc%23d' },
    { template: '/users/{% id %}', body: { id: '\ud800ü' }, gives: '/users/%EF%BF%BD%C3%BC' },
    { template: '/find?q={% q %}&all=1', body: {}, gives: '/find?q=&all=1' },
    { template: '/a b/{% id %}/ü', body: { id: 1 }, gives: '/a%20b/1/%C3%BC' },
    { template: '/{% name %}.json', body: { name: '..' }, gives: '/...json' },
  ])('is $gives for $template', async ({ template, body, gives }) => expect(await pathOf(template, body)).toBe(gives))

  it.each([
    { when: 'an id is missing', template: '/users/{% id %}', body: {}, why: 'A part of the path is empty: /users/' },
    {
      when: 'an id is empty',
      template: '/users/{% id %}/x',
      body: { id: '' },
      why: 'A part of the path is empty: /users//x',
    },
    {
      when: 'an id leads up',
      template: '/users/{% id %}',
      body: { id: '..' },
      why: 'The path leads elsewhere: /users/..',
    },
    {
      when: 'ids lead up together',
      template: '/a/{% a %}{% a %}',
      body: { a: '.' },
      why: 'The path leads elsewhere: /a/..',
    },
    { when: 'it is none', template: '{% url %}', body: { url: 'http://a' }, why: /^This is no path of a request: / },
    { when: 'it has a fragment', template: '/a#b{% a %}', body: { a: 1 }, why: 'This is no path of a request: /a#b1' },
    {
      when: 'it is long',
      template: '/{% a %}',
      body: { a: 'a'.repeat(9_000) },
      why: /^The path is longer than 8192 bytes/,
    },
  ])('is refused when $when', async ({ template, body, why }) => expect(pathOf(template, body)).rejects.toThrow(why))
})
