import { resolve } from 'node:path'
import type { StartRequest } from '@overmind/client'
import * as z from 'zod'
import { once } from '../patience.ts'
import type { Scene } from '../scene.ts'
import { type Offer, tool } from '../tool.ts'
import { missionSchema, shown } from '../views.ts'

const seconds = z.number().positive()
const count = z.number().int().min(1)

const input = z.strictObject({
  command: z
    .union([z.string(), z.array(z.string()).min(1)])
    .optional()
    .describe(
      'A text is a line for sh -c, or the prompt of an agent; a list is a program and its arguments. A session may do without',
    ),
  provider: z
    .string()
    .optional()
    .describe('The agent that the command is for, such as claude; left out, the command is run by a shell'),
  type: z
    .enum(['task', 'session'])
    .optional()
    .describe('A task ends when it is done; a session stays and takes messages. Default: task'),
  name: z.string().optional().describe('A name to find it by; made up when left out'),
  model: z.string().optional().describe('The model that is to answer'),
  cwd: z.string().optional().describe('The folder it runs in. Default: yours'),
  options: z
    .record(z.string(), z.json())
    .optional()
    .describe(
      'Options of the provider, such as {"permission_mode": "acceptEdits", "allowed_tools": ["Bash(npm *)"]}',
    ),
  restart: z
    .enum(['never', 'on-failure', 'always'])
    .optional()
    .describe('When a run that ended is followed by another. Default: never'),
  max_restarts: z
    .number()
    .int()
    .min(0)
    .optional()
    .describe('Restarts within a minute; 0 is unlimited. Default: 5'),
  timeout_seconds: seconds.optional().describe('Ends a run that takes longer'),
  activity_timeout_seconds: seconds.optional().describe('Ends a run that is silent for so long'),
  stop_timeout_seconds: seconds.optional().describe('From asking it to end to killing it. Default: 10'),
  max_cost_usd: z
    .number()
    .positive()
    .optional()
    .describe('US dollars that it may spend, with all that it starts'),
  max_turns: count.optional().describe('How often its model may be called'),
  max_tokens: count.optional().describe('Tokens of all kinds that it may use'),
  on_parent_exit: z
    .enum(['keep', 'stop'])
    .optional()
    .describe('What becomes of it when your own mission has ended for good. Default: keep'),
  notify: z
    .boolean()
    .optional()
    .describe(
      'Sends you a message when it has ended for good, if you are a session. Then you need not wait for it',
    ),
})

const output = z.object({ mission: missionSchema })

export interface Surroundings {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

export function startMission(scene: Scene, surroundings: Surroundings): Offer {
  const { maxChildren, maxDepth } = scene.limits
  return tool({
    name: 'start_mission',
    title: 'Start a mission',
    description:
      'Starts a command or another agent as a mission that belongs to yours, and returns as soon as it runs. It goes on ' +
      'in the background, also when you are restarted; wait_for_missions waits for its end, get_result reads what came of ' +
      `it. At most ${maxChildren} missions of yours may be alive at a time, at most ${maxDepth} deep. What it spends counts ` +
      'against your own budget: when the limits of a mission are reached by it and all that belongs to it, all of them ' +
      'that are agents are ended. It gets your environment. After connection_failed it is not known whether it began: look at ' +
      'list_missions before you start it again.',
    input,
    output,
    hints: { readOnly: false, destructive: true, idempotent: false },
    run: async (given, { signal }) => {
      const request = startRequest(given, scene.self, surroundings)
      const begin = (): ReturnType<typeof scene.client.start> =>
        once(() => scene.client.start(request, { signal }), signal)
      return { mission: shown(await scene.admit(begin, signal)) }
    },
  })
}

function startRequest(
  given: z.output<typeof input>,
  self: string | null,
  { cwd, env }: Surroundings,
): StartRequest {
  const {
    timeout_seconds: timeout,
    activity_timeout_seconds: activity,
    stop_timeout_seconds: stop,
    cwd: folder = '.',
    notify = false,
    ...same
  } = given
  const fields = {
    ...same,
    cwd: resolve(cwd, folder),
    env: Object.fromEntries(
      Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
    parent: self ?? undefined,
    on_exit: notify && self !== null ? ('tell-parent' as const) : undefined,
    timeout_ms: milliseconds(timeout),
    activity_timeout_ms: milliseconds(activity),
    stop_timeout_ms: milliseconds(stop),
  }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 1000)
}
