import type { Example } from './example.ts'

/** The producer of pattern 1. */
export const serviceA: Example = {
  name: 'service-a',
  routes: [
    {
      method: 'get',
      path: '/greet',
      handlers: [(_request, response) => void response.type('text').send('Hello from Service A!')],
    },
  ],
}
