/** How many missions may be at work at a time: in all, of one provider, of one colony. */
import { z } from 'zod'
import { OvermindError } from './errors.ts'
import type { MissionSpec } from './spec.ts'

/** The most missions at work at a time, counted from the first start of each to its exit; those that wait for their account are not. */
export interface ConcurrencyLimits {
  /** Of all. Default: no limit. */
  readonly missions?: number | undefined
  /** By the name of the provider. Default: no limits. */
  readonly providers?: Readonly<Record<string, number>> | undefined
  /** By the name of the colony. Default: no limits. */
  readonly colonies?: Readonly<Record<string, number>> | undefined
}

/** What a limit is about. */
export type SlotScope = 'missions' | `provider ${string}` | `colony ${string}`

const most = z
  .number('must be a number of missions')
  .int('must be a whole number of missions')
  .min(1, 'must be at least 1')

const limits: z.ZodType<ConcurrencyLimits> = z.strictObject(
  {
    missions: most.optional(),
    providers: z.record(z.string(), most, 'must be an object of providers and numbers').optional(),
    colonies: z.record(z.string(), most, 'must be an object of colonies and numbers').optional(),
  },
  'must be an object of limits',
)

/** @throws OvermindError `invalid_limits` */
export function limitsByScope(input: unknown): ReadonlyMap<SlotScope, number> {
  const parsed = limits.safeParse(input)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    const field = ['concurrency', ...(issue?.path ?? [])].join('.')
    throw new OvermindError('invalid_limits', `${field}: ${issue?.message ?? 'is not valid'}`, { field })
  }
  const { missions, providers = {}, colonies = {} } = parsed.data
  return new Map<SlotScope, number>([
    ...(missions === undefined ? [] : [['missions', missions] as const]),
    ...Object.entries(providers).map(([name, most]) => [`provider ${name}`, most] as const),
    ...Object.entries(colonies).map(([name, most]) => [`colony ${name}`, most] as const),
  ])
}

/** Whose slots a mission takes while it is at work. One that is no process works through others, and takes none. */
export function scopesOf({ type, provider, colony }: MissionSpec): readonly SlotScope[] {
  if (type === 'blueprint' || type === 'ritual') return []
  return ['missions', `provider ${provider}`, `colony ${colony}`]
}
