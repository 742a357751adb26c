import { jsonBody } from '#lib/http.ts'
import type { Example } from './example.ts'
import { textField } from './text-field.ts'

/** Service B's `{processed_message}` → `{analysis_result, length, words}`: the last step of the orchestration. */
export const serviceC: Example = {
  name: 'service-c',
  routes: [
    {
      method: 'post',
      path: '/analyze',
      handlers: [
        ...jsonBody(),
        ({ body }, response) => void response.json(analysisOf(textField(body, 'processed_message'))),
      ],
    },
  ],
}

function analysisOf(message: string): object {
  return {
    analysis_result: `${message} analyzed by Service C`,
    length: message.length,
    words: message.split(/\s+/).filter(Boolean).length,
  }
}
