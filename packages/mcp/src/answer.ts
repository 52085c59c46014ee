import type { AnswerView } from '@overmind/client'
import * as z from 'zod'
import { beginningOf } from './inert.ts'

/** As much of an answer or an output as an agent is shown at once. */
export const MOST_BYTES = 65_536

export interface Answer {
  readonly ok: boolean
  readonly text: string
  readonly truncated: boolean
  readonly run: number
  readonly duration_ms: number | null
  readonly cost_usd: number
  readonly turns: number
}

export const answerSchema: z.ZodType<Answer> = z.object({
  ok: z.boolean().describe('Whether the agent could answer'),
  text: z.string(),
  truncated: z.boolean().describe('Whether the end of a long text is left out'),
  run: z.number(),
  duration_ms: z.number().nullable(),
  cost_usd: z.number(),
  turns: z.number(),
})

export function answerOf({ ok, text, run, duration_ms, cost_usd, turns }: AnswerView): Answer {
  return { ok, ...beginningOf(text, MOST_BYTES), run, duration_ms, cost_usd, turns }
}
