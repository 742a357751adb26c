import type { Example } from './example.ts'

/** What the rate limit of pattern 9 stands in front of. */
export const exampleEndpoint: Example = {
  name: 'example',
  routes: [
    {
      method: 'get',
      path: '/example',
      handlers: [(_request, response) => void response.type('text').send('Hello, welcome to the example endpoint!')],
    },
  ],
}
