import { type MissionInput, OvermindError, type ProviderOptions } from '@overmind/core'
import { z } from 'zod'

/** What becomes of a time at which the mission before is still alive. */
export type Overlap = 'skip' | 'wait' | 'replace' | 'allow'

/** What becomes of times at which nobody looked: the daemon was down, or the machine asleep. */
export type Missed = 'skip' | 'once'

export interface RitualOptions {
  readonly schedule: string
  readonly timezone?: string | undefined
  readonly overlap: Overlap
  readonly missed: Missed
  /** Each start is put off by a time of its own, up to this. Milliseconds. */
  readonly jitterMs: number
  /** So many missions that have exited are kept, with their output; older ones are forgotten. */
  readonly keep: number
  /** What is started each time. */
  readonly mission: Omit<MissionInput, Own>
}

/** What a ritual says itself of what it starts: a name with the time, itself as the parent, and its own folder and environment. */
const OWN = ['name', 'cwd', 'env', 'parent'] as const
type Own = (typeof OWN)[number]

const options = z.strictObject({
  schedule: z.string('must be text').min(1, 'must not be empty'),
  timezone: z.string('must be text').min(1, 'must not be empty').optional(),
  overlap: z
    .enum(['skip', 'wait', 'replace', 'allow'], { error: () => 'must be one of skip, wait, replace, allow' })
    .default('skip'),
  missed: z.enum(['skip', 'once'], { error: () => 'must be one of skip, once' }).default('once'),
  jitterMs: z
    .number('must be a number of milliseconds')
    .min(0, 'must be at least 0')
    .max(86_400_000, 'must be at most a day')
    .default(0),
  keep: z
    .number('must be a number of missions')
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .default(10),
  mission: z
    .record(z.string(), z.unknown(), 'must be the description of a mission')
    .superRefine((given, issues) => {
      for (const field of OWN.filter((own) => given[own] !== undefined))
        issues.addIssue({
          code: 'custom',
          path: [field],
          message: `is the ritual's own: say it of the ritual`,
        })
    }),
})

/** @throws OvermindError `invalid_spec` */
export function ritualOptions(given: ProviderOptions): RitualOptions {
  const parsed = options.safeParse(given)
  // What is started is checked by the runtime, before the ritual begins and each time.
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const field = unknown ?? issue?.path.join('.') ?? 'options'
  const rule = unknown === undefined ? (issue?.message ?? 'is not valid') : 'no such option of a ritual'
  throw new OvermindError('invalid_spec', `${field}: ${rule}`, { field })
}
