import { z } from '@hono/zod-openapi'
import { problemSchema } from './schemas.ts'

interface Answer {
  readonly description: string
  readonly content: Readonly<Record<string, { readonly schema: z.ZodType }>>
}

export function json(description: string, schema: z.ZodType): Answer {
  return { description, content: { 'application/json': { schema } } }
}

export function stream(description: string, ...contentTypes: readonly string[]): Answer {
  return {
    description,
    content: Object.fromEntries(contentTypes.map((type) => [type, { schema: z.string() }])),
  }
}

export const problem: Answer = {
  description: 'What went wrong: `code` is stable, `detail` is for people',
  content: { 'application/problem+json': { schema: problemSchema } },
}

/** An id, a name, or the unique beginning of an id. */
export const reference: z.ZodObject<{ reference: z.ZodString }> = z.object({
  reference: z.string().openapi({
    param: { name: 'reference', in: 'path' },
    description: 'Id, name, or unique beginning of an id',
  }),
})

export const flag: z.ZodType<boolean> = z
  .enum(['true', 'false'], 'must be true or false')
  .default('false')
  .transform((value) => value === 'true')

/** A whole number in a query. */
export function whole(least: number): z.ZodType<number | undefined> {
  return z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= least, `must be at least ${least}`)
    .optional()
}

/** A moment in a query, as ISO 8601 or milliseconds since 1970. */
export const moment: z.ZodType<number | undefined> = z
  .string()
  .regex(/^(\d{1,15}|\d{4}-\d\d-\d\d([T ].+)?)$/, 'must be a time as ISO 8601 or in milliseconds since 1970')
  .transform((text) => (/^\d+$/.test(text) ? Number(text) : Date.parse(text)))
  .refine((value) => Number.isFinite(value), 'must be a time as ISO 8601 or in milliseconds since 1970')
  .optional()
