import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { readJson } from '../../src/api/body.ts'

test('a request that is cut off in the middle of its body is a mistake of the request, and none of the daemon', async () => {
  const app = new Hono()
  app.post('/', async (c) => {
    await expect(readJson(c)).rejects.toMatchObject({ code: 'invalid_request' })
    return c.body('looked at')
  })
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"comm'))
      controller.error(new Error('aborted'))
    },
  })
  const answer = await app.request('/', { method: 'POST', body, duplex: 'half' })
  expect(await answer.text()).toBe('looked at')
})
