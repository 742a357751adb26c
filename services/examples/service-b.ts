import { jsonBody } from '#lib/http.ts'
import type { Example } from './example.ts'
import { textField } from './text-field.ts'

/** `{message}` → `{processed_message}`: the second step of the orchestration; `/data` is a part of the composite. */
export const serviceB: Example = {
  name: 'service-b',
  routes: [
    {
      method: 'post',
      path: '/process',
      handlers: [
        ...jsonBody(),
        ({ body }, response) => {
          response.json({ processed_message: `${textField(body, 'message')} processed by Service B` })
        },
      ],
    },
    {
      method: 'get',
      path: '/data',
      handlers: [(_request, response) => void response.json({ data: 'Data from Service B' })],
    },
  ],
}
