import type { Example } from './example.ts'

const PRODUCTS: ReadonlyMap<string, object> = new Map([
  ['101', { id: 101, name: 'Laptop', price: 1200 }],
  ['102', { id: 102, name: 'Smartphone', price: 800 }],
])

export const products: Example = {
  name: 'products',
  routes: [
    {
      method: 'get',
      path: '/products/:id',
      handlers: [
        ({ params }, response) => {
          const product = PRODUCTS.get(String(params.id))
          if (product === undefined) response.status(404).json({ error: 'Product not found' })
          else response.json(product)
        },
      ],
    },
  ],
}
