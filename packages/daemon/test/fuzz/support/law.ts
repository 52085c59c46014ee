/** What every answer of the API must be. */
import { readFileSync } from 'node:fs'
import { problemSchema } from '../../../src/api/schemas.ts'
import type { Operation } from './document.ts'
import type { Exchange } from './exchange.ts'
import type { Request } from './requests.ts'

const ERRORS = readFileSync(new URL('../../../../../docs/errors.md', import.meta.url), 'utf8')

/** Statuses by code, as the page of errors has them. */
const STATUS_OF: ReadonlyMap<string, number> = new Map(
  [...ERRORS.matchAll(/^\| `(\w+)` \| (\d{3}) \|/gm)].map(([, code = '', status]) => [code, Number(status)]),
)

/** Anything that is wrong with an answer; nothing when it is as documented. */
export function wrongWith(operation: Operation, request: Request, answer: Exchange): string | undefined {
  const { status, type, text, whole } = answer
  const [media = ''] = type.split(';')
  if (status >= 400) {
    if (request.method === 'HEAD') return undefined
    if (media !== 'application/problem+json') return `${status} is a ${type}`
    const problem = problemSchema.safeParse(parsed(text))
    if (!problem.success) return `${status} is no problem: ${text.slice(0, 300)}`
    const { code } = problem.data
    if (STATUS_OF.get(code) !== status || status === 500)
      return `${status} with ${code}: ${text.slice(0, 300)}`
    if (request.astray && code === 'not_found') return undefined
  }
  if (request.method !== operation.method) return undefined
  const contents = operation.answers.get(status)
  // A path that leads elsewhere is answered as it is documented there.
  if (contents === undefined)
    return request.astray ? undefined : `${status} is not documented: ${text.slice(0, 300)}`
  if (contents.size === 0) return text === '' ? undefined : `${status} has a body: ${text.slice(0, 300)}`
  const schema = contents.get(media)
  if (schema === undefined) return request.astray ? undefined : `${status} as ${type} is not documented`
  if (!whole) return undefined
  if (media === 'application/x-ndjson')
    return text
      .split('\n')
      .filter(Boolean)
      .find((line) => !isObject(parsed(line)))
  if (!media.endsWith('json') || request.astray) return undefined
  // With `fields` there is less of each mission.
  if (/[?&]fields=/.test(request.path)) return undefined
  const conforms = schema.safeParse(parsed(text))
  return conforms.success
    ? undefined
    : `${status} does not conform: ${conforms.error.message}\n${text.slice(0, 300)}`
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}
