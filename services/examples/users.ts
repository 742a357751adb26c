import type { Example } from './example.ts'

const USERS: ReadonlyMap<string, object> = new Map([
  ['1', { id: 1, name: 'Alice', age: 30, city: 'New York' }],
  ['2', { id: 2, name: 'Bob', age: 25, city: 'San Francisco' }],
])

export const users: Example = {
  name: 'users',
  routes: [
    {
      method: 'get',
      path: '/users/:id',
      handlers: [
        ({ params }, response) => {
          const user = USERS.get(String(params.id))
          if (user === undefined) response.status(404).json({ error: 'User not found' })
          else response.json(user)
        },
      ],
    },
  ],
}
