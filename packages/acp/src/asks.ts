import type { RequestPermissionResponse } from '@agentclientprotocol/sdk'
import type { Ask, Fact, Verdict } from '@overmind/core'
import { z } from 'zod'
import { type Frame, type Id, response } from './frame.ts'
import { readPermission } from './protocol.ts'
import { toolLine } from './tools.ts'

/** How a question is answered: its request, and which of its options means what. */
const context = z.object({
  id: z.union([z.string(), z.number()]),
  once: z.string().nullable(),
  always: z.string().nullable(),
  deny: z.string().nullable(),
})

type Context = z.infer<typeof context>

/** What a request for permission asks of a person; undefined when it is none. */
export function askOf({
  id,
  params,
}: Extract<Frame, { kind: 'request' }>): Extract<Fact, { type: 'asked' }> | undefined {
  const permission = readPermission(params)
  if (permission === undefined) return undefined
  const { toolCall, options } = permission
  const option = (...kinds: readonly string[]): (typeof options)[number] | undefined =>
    kinds.map((kind) => options.find((given) => given.kind === kind)).find((found) => found !== undefined)
  const always = option('allow_always')
  return {
    type: 'asked',
    ask: {
      id: askId(id),
      tool: toolCall.kind === '' ? 'tool' : toolCall.kind,
      summary: toolLine(toolCall),
      input: JSON.stringify(toolCall.rawInput ?? {}),
      rule: always?.name ?? null,
      context: JSON.stringify({
        id,
        once: option('allow_once')?.optionId ?? null,
        always: always?.optionId ?? null,
        deny: option('reject_once', 'reject_always')?.optionId ?? null,
      } satisfies Context),
    },
  }
}

export function askId(id: Id): string {
  return String(id)
}

/** The answer to a question. What no option of the agent means is never answered with one that means more. */
export function verdictLine(ask: Pick<Ask, 'context' | 'rule'>, verdict: Verdict): string {
  const { id, once, always, deny } = context.parse(JSON.parse(ask.context))
  switch (verdict.decision) {
    case 'deny':
      return outcomeLine(id, deny)
    case 'allow':
      return outcomeLine(id, verdict.rule !== null && verdict.rule === ask.rule ? always : once)
  }
}

/** The answer to a question that nobody decides any more. */
export function withdrawalLine(ask: Pick<Ask, 'context'>): string {
  return outcomeLine(context.parse(JSON.parse(ask.context)).id, null)
}

function outcomeLine(id: Id, optionId: string | null): string {
  const outcome: RequestPermissionResponse['outcome'] =
    optionId === null ? { outcome: 'cancelled' } : { outcome: 'selected', optionId }
  return response(id, { outcome })
}
