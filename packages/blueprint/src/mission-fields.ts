/** The fields of an agent that describe its mission: what people write, and the mission's own rule for it. */
import { type MissionInput, missionInputShape } from '@overmind/core'
import { z } from 'zod'
import { durationMs, sizeBytes } from '@overmind/core/text'

type MissionField = Exclude<keyof MissionInput, 'name' | 'env' | 'parent' | 'command'>

export interface Field {
  /** The mission's name for it. */
  readonly to: MissionField
  /** From what is written to what the mission takes. */
  readonly rule: z.ZodType
}

/** A time as it is written, in milliseconds, under the rule of a mission's time. */
export function duration(rule: z.ZodType = missionInputShape.timeoutMs): z.ZodType<number | undefined> {
  const wrong = 'must be a number of seconds, or a time such as "90s", "10m" or "1h30m"'
  return numeric(measured(durationMs, wrong).pipe(rule))
}

/** The shape of a mission does not say that this rule is one of numbers. */
export const numeric = (rule: z.ZodType): z.ZodType<number | undefined> =>
  rule as z.ZodType<number | undefined>

function measured(measure: (given: number | string) => number | undefined, wrong: string): z.ZodType {
  return z.union([z.number(), z.string()], wrong).transform((given, context) => {
    const measured = measure(given)
    if (measured !== undefined) return measured
    context.issues.push({ code: 'custom', message: wrong, input: given })
    return z.NEVER
  })
}

const same = (to: MissionField, says: string): Field => ({ to, rule: missionInputShape[to].describe(says) })

const time = (to: MissionField, says: string): Field => ({
  to,
  rule: duration(missionInputShape[to]).optional().describe(`${says} Seconds, or a text such as "10m".`),
})

const size = (to: MissionField, says: string): Field => ({
  to,
  rule: measured(sizeBytes, 'must be a number of bytes, or a size such as "512M" or "2G"')
    .pipe(missionInputShape[to])
    .optional()
    .describe(`${says} Bytes, or a text such as "512M".`),
})

/** A time that the mission counts in seconds. */
export const secondsField = (to: MissionField, says: string): Field => ({
  to,
  rule: measured((given) => {
    const ms = durationMs(given)
    return ms === undefined ? undefined : ms / 1000
  }, 'must be a number of seconds, or a time such as "90s" or "10m"')
    .pipe(missionInputShape[to])
    .optional()
    .describe(`${says} Seconds, or a text such as "10m".`),
})

/** By the names of the file. */
export const missionFields: Readonly<Record<string, Field>> = {
  cwd: same(
    'cwd',
    'Where it runs, seen from the folder of the file. Default: where the blueprint is applied.',
  ),
  type: {
    to: 'type',
    // The other types are no agents.
    rule: z
      .enum(['task', 'session'], { error: () => 'must be one of task, session' })
      .optional()
      .describe('A task ends when it is done, a session stays and takes messages. Default: task.'),
  },
  provider: same('provider', 'Which agent the command is for. Default: raw, a shell line.'),
  model: same('model', 'The model that is to answer.'),
  options: same('options', 'Options of the provider.'),
  max_cost: same('maxCostUsd', 'US dollars that it may spend.'),
  max_turns: same('maxTurns', 'Answers that it may give.'),
  max_tokens: same('maxTokens', 'Tokens of any kind that it may use.'),
  on_limit: same('onLimit', 'What becomes of it when its account is limited. Default: wait.'),
  ask_timeout: time('askTimeoutMs', 'How long a question of it waits for an answer.'),
  on_ask_timeout: same('onAskTimeout', 'What becomes of a question that nobody answered. Default: deny.'),
  restart: same('restart', 'When a run that ended is followed by another. Default: never.'),
  retries: same(
    'retries',
    'How often it is started again after it failed: in place of restart and max_restarts.',
  ),
  max_restarts: same('maxRestarts', 'Restarts within max_seconds; 0 is unlimited. Default: 5.'),
  max_seconds: secondsField('maxSeconds', 'The running time that max_restarts is about. Default: 60.'),
  backoff: time('backoffMs', 'The delay before the first restart; it doubles with each. Default: 1.'),
  activity_timeout: time('activityTimeoutMs', 'How long a run may show no sign of life.'),
  activity: same('activity', 'What is a sign of life: output, or processor time as well. Default: output.'),
  timeout: time('timeoutMs', 'How long a run may take.'),
  stop_signal: same('stopSignal', 'What asks it to end. Default: SIGTERM.'),
  stop_timeout: time('stopTimeoutMs', 'From asking it to end to SIGKILL. Default: 10.'),
  success_codes: same('successCodes', 'Exit codes that are a success. Default: 0 alone.'),
  output_limit: size('outputLimitBytes', 'How much output of a run is kept, the newest. Default: 256M.'),
  custody: same('custody', 'What holds its processes together. Default: cgroup with a limit, else marks.'),
  memory: size('memoryBytes', 'What all of its processes may use together.'),
  cpus: same('cpus', 'Processors that they may use together, such as 1.5.'),
  pids: same('pids', 'Processes and threads at a time.'),
  on_parent_exit: same('onParentExit', 'What becomes of it when its parent has exited. Default: keep.'),
  on_exit: same('onExit', 'Whether its parent, a session, is told that it has exited. Default: nothing.'),
  priority: same(
    'priority',
    'Of those that wait for a slot, the one with the highest goes first. Default: 0.',
  ),
  colony: same('colony', 'The group of missions that it belongs to. Default: default.'),
  labels: {
    to: 'labels',
    rule: missionInputShape.labels
      .refine((labels) => Object.keys(labels ?? {}).every((name) => !name.startsWith('overmind/')), {
        error: 'must not have names that begin with overmind/',
      })
      .describe('Names and values of your own, by which it is found.'),
  },
  terminal: same('terminal', 'Runs it on a terminal. Default: on none; 80 columns and 24 rows.'),
}
