import type { MissionView } from '@overmind/client'
import * as z from 'zod'
import { isOver } from './family.ts'
import { beginningOf } from './inert.ts'

/** A prompt can be long, and a list has many. */
const COMMAND_BYTES = 400

export const SHOWN_FIELDS = [
  'id',
  'name',
  'command',
  'status',
  'type',
  'provider',
  'model',
  'cwd',
  'parent',
  'children',
  'run',
  'created_at',
  'last_activity',
  'exited_at',
  'exit_code',
  'exit_class',
  'exit_reason',
  'turn',
  'messages',
  'asks',
  'cost_usd',
  'tokens',
] as const

/** As much of a mission as is asked for. */
export type Seen = Pick<MissionView, (typeof SHOWN_FIELDS)[number]>

/** What an agent is shown of it. */
export interface Shown extends Omit<Seen, 'asks' | 'status' | 'type' | 'turn' | 'exit_class'> {
  readonly over: boolean
  readonly status: string
  readonly type: string
  readonly exit_class: string | null
  readonly turn: string | null
  readonly questions: number
}

export const missionSchema: z.ZodType<Shown> = z.object({
  id: z.string(),
  name: z.string(),
  command: z.string().describe('Its command or prompt; a long one is cut'),
  status: z.string().describe('pending, running, stalled, restarting; or over: stopped, crashed, killed'),
  over: z.boolean().describe('Whether it has ended for good'),
  type: z.string(),
  provider: z.string(),
  model: z.string().nullable(),
  cwd: z.string(),
  parent: z.string().nullable(),
  children: z.array(z.string()).readonly(),
  run: z.number().describe('How often it was started'),
  created_at: z.string(),
  last_activity: z.string().nullable(),
  exited_at: z.string().nullable(),
  exit_code: z.number().nullable(),
  exit_class: z.string().nullable(),
  exit_reason: z.string().nullable().describe('One sentence: why it ended'),
  turn: z.string().nullable().describe('What an agent is doing; null when it is none'),
  messages: z.number().describe('Messages that it has not answered'),
  questions: z.number().describe('Questions for permission that wait for an answer'),
  cost_usd: z.number().nullable(),
  tokens: z.number().nullable(),
})

/** Field by field, so that nothing is shown because the daemon came to know more. */
export function shown(mission: Seen): Shown {
  const { text, truncated } = beginningOf(mission.command, COMMAND_BYTES)
  return {
    id: mission.id,
    name: mission.name,
    command: truncated ? `${text}…` : text,
    status: mission.status,
    over: isOver(mission),
    type: mission.type,
    provider: mission.provider,
    model: mission.model,
    cwd: mission.cwd,
    parent: mission.parent,
    children: mission.children,
    run: mission.run,
    created_at: mission.created_at,
    last_activity: mission.last_activity,
    exited_at: mission.exited_at,
    exit_code: mission.exit_code,
    exit_class: mission.exit_class,
    exit_reason: mission.exit_reason,
    turn: mission.turn,
    messages: mission.messages,
    questions: mission.asks,
    cost_usd: mission.cost_usd,
    tokens: mission.tokens,
  }
}
