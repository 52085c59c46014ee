/** Teams: missions that are restarted together. */
import { z } from 'zod'
import { OvermindError } from './errors.ts'
import type { MemberRestart, Membership, TeamStrategy } from './membership.ts'
import { isName, NAME_RULE } from './names.ts'
import type { MissionInput } from './spec.ts'

export interface MemberInput {
  /** Unique in the team. */
  readonly id: string
  /** What it runs. Its own restarts come first: the team acts when they are used up. */
  readonly mission: MissionInput
  /** Default: `transient`. */
  readonly restart?: MemberRestart | undefined
}

export interface TeamInput {
  readonly strategy: TeamStrategy
  /** Unique among teams that are not over. Default: a generated `adjective-noun`. */
  readonly name?: string | undefined
  /** The team gives up when it would restart more often than `maxRestarts` times within `maxSeconds`. Default: 5. */
  readonly maxRestarts?: number | undefined
  /** Seconds. Default: 60. */
  readonly maxSeconds?: number | undefined
  /** Started in this order, each when the one before it runs. */
  readonly members: readonly MemberInput[]
}

export type TeamPlan = Pick<Membership, 'strategy' | 'maxRestarts' | 'maxSeconds'> & {
  readonly name: string | undefined
  readonly members: readonly {
    readonly id: string
    readonly mission: unknown
    readonly restart: MemberRestart
  }[]
}

const name = z.string('must be text').refine(isName, `must be ${NAME_RULE}`)

/** The rules of a team; those of its missions are the missions' own. */
const teamInput = z.strictObject({
  strategy: z.enum(['one_for_one', 'one_for_all', 'rest_for_one'], {
    error: () => 'must be one of one_for_one, one_for_all, rest_for_one',
  }),
  name: name.optional(),
  maxRestarts: z
    .number('must be a number')
    .int('must be a whole number')
    .min(0, 'must be at least 0')
    .default(5),
  maxSeconds: z.number('must be a number of seconds').positive('must be more than 0').default(60),
  members: z
    .array(
      z.strictObject({
        id: name,
        mission: z.unknown(),
        restart: z
          .enum(['permanent', 'transient', 'temporary'], {
            error: () => 'must be one of permanent, transient, temporary',
          })
          .default('transient'),
      }),
      'must be a list of members',
    )
    .min(1, 'must have at least one member')
    .refine(
      (members) => new Set(members.map(({ id }) => id)).size === members.length,
      'must have an id each',
    ),
})

/** Checks the description of a team. @throws OvermindError `invalid_spec` that names field and rule */
export function parseTeam(input: unknown): TeamPlan {
  const parsed = teamInput.safeParse(input)
  if (parsed.success) return { ...parsed.data, name: parsed.data.name }
  const [issue] = parsed.error.issues
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const field = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])].join('.')
  const rule = unknown === undefined ? (issue?.message ?? 'is not valid') : 'is no field'
  throw new OvermindError('invalid_spec', field === '' ? 'a team must be an object' : `${field} ${rule}`, {
    field,
  })
}
