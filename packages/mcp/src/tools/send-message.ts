import { ApiError, isAway } from '@overmind/client'
import * as z from 'zod'
import { type Answer, answerOf, answerSchema } from '../answer.ts'
import { missionInput, timeoutInput } from '../input.ts'
import { once, rest } from '../patience.ts'
import type { Scene } from '../scene.ts'
import { type Offer, tool, type ToolCall } from '../tool.ts'

const PROGRESS_MS = 10_000

const input = z.strictObject({
  mission: missionInput,
  text: z.string().min(1).describe('What to say'),
  wait: z.boolean().default(false).describe('Whether to wait for the answer'),
  timeout_seconds: timeoutInput,
})

const output = z.object({
  message: z.string().describe('The id of the message'),
  answer: answerSchema.nullable().describe('Null when there is none yet; get_result has the last one'),
})

export function sendMessage({ client, find }: Scene): Offer {
  async function answer(
    mission: string,
    message: string,
    { timeoutMs, call }: { readonly timeoutMs: number; readonly call: ToolCall },
  ): Promise<Answer | null> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const left = Math.max(0, Math.round(deadline - performance.now()))
      try {
        return answerOf(await client.answer(mission, message, { timeoutMs: left, signal: call.signal }))
      } catch (error) {
        if (error instanceof ApiError && error.code === 'timeout') return null
        if (!isAway(error)) throw error
        if (left === 0) return null
      }
      await rest(call.signal)
    }
  }

  return tool({
    name: 'send_message',
    title: 'Say something to a session',
    description:
      'Says something to one of your missions that is a session. It is told in its turn, once, whatever dies meanwhile. With ' +
      'wait it returns the answer when that is there; a timeout takes nothing back, and get_result has the answer later. ' +
      'After connection_failed it is not known whether it was sent.',
    input,
    output,
    hints: { readOnly: false, destructive: false, idempotent: false },
    run: async ({ mission: ref, text, wait, timeout_seconds }, call) => {
      const { id } = await find(ref, call.signal)
      const { message } = await once(() => client.send(id, text, { signal: call.signal }), call.signal)
      if (!wait) return { message, answer: null }
      const ticking = setInterval(() => {
        call.progress(`waiting for the answer of ${id}`).catch(() => undefined) // nobody listens
      }, PROGRESS_MS)
      try {
        return { message, answer: await answer(id, message, { timeoutMs: timeout_seconds * 1000, call }) }
      } finally {
        clearInterval(ticking)
      }
    },
  })
}
