import { OvermindError } from '@overmind/core'
import type { Context } from 'hono'
import type { z } from '@hono/zod-openapi'

/** More than any mission's description may need. Bytes. */
export const LARGEST_BODY: number = 8 * 1024 * 1024

/** Deeper than any description is nested. */
const DEEPEST = 200

/** The JSON of a request, or undefined when there is no body. @throws OvermindError `invalid_request` */
export async function readJson(c: Context): Promise<unknown> {
  const text = await readText(c)
  if (text === '') return undefined
  const type = c.req.header('content-type') ?? 'application/json'
  if (!type.includes('json')) {
    throw new OvermindError(
      'invalid_request',
      `the body must be JSON and be called application/json: it is called ${type}`,
    )
  }
  return shallow(parsed(text))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new OvermindError('invalid_request', 'the body must be JSON', { cause: error })
  }
}

/** The same value. What looks into it calls itself for each level, and so many it can. @throws OvermindError `invalid_request` */
function shallow(value: unknown): unknown {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEEPEST) throw new OvermindError('invalid_request', `the body may be ${DEEPEST} levels deep`)
    level = level.flatMap(partsOf)
  }
  return value
}

function partsOf(value: unknown): readonly unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : []
}

async function readText(c: Context): Promise<string> {
  try {
    return await c.req.text()
  } catch (error) {
    // More than it may have.
    if (error instanceof OvermindError) throw error
    throw new OvermindError('invalid_request', 'the request was cut off', { cause: error })
  }
}

/** The same, held against its shape; no body is an empty object. */
export async function readBody<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  const parsed = schema.safeParse((await readJson(c)) ?? {})
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = issue?.code === 'unrecognized_keys' ? (issue.keys[0] ?? '') : (issue?.path.join('.') ?? '')
  const rule = issue?.code === 'unrecognized_keys' ? 'no such field' : (issue?.message ?? 'is not valid')
  throw new OvermindError('invalid_request', `${field} ${rule}`.trim(), { field })
}
