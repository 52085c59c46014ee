/** JSON-RPC 2.0, a message a line: what is read of a line, and the lines that are written. */
import { objectInLine } from '@overmind/core'
import { z } from 'zod'

/** What a request is known by. A longer one is no request that an agent would send. */
const id = z.union([z.string().max(256), z.number()])

const schema = z.object({
  id: id.optional(),
  method: z.string().optional(),
  params: z.unknown().optional(),
  result: z.unknown().optional(),
  error: z
    .object({ code: z.number().catch(0), message: z.string().catch(''), data: z.unknown().optional() })
    .optional()
    .catch(undefined),
})

export type Id = string | number

/** What went wrong with a request, in the agent's words. */
export interface Failure {
  readonly code: number
  readonly message: string
  readonly data: unknown
}

export type Frame =
  | { readonly kind: 'request'; readonly id: Id; readonly method: string; readonly params: unknown }
  | { readonly kind: 'notification'; readonly method: string; readonly params: unknown }
  | { readonly kind: 'result'; readonly id: Id; readonly result: unknown }
  | { readonly kind: 'failure'; readonly id: Id; readonly failure: Failure }

/** The message in a line; undefined when there is none. */
export function readFrame(line: string): Frame | undefined {
  const parsed = schema.safeParse(objectInLine(line))
  if (!parsed.success) return undefined
  const { id, method, params, result, error } = parsed.data
  if (method !== undefined) {
    return id === undefined
      ? { kind: 'notification', method, params }
      : { kind: 'request', id, method, params }
  }
  if (id === undefined) return undefined
  if (error !== undefined) return { kind: 'failure', id, failure: { ...error, data: error.data } }
  return result === undefined ? undefined : { kind: 'result', id, result }
}

export function request(id: Id, method: string, params: object): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params })
}

export function notification(method: string, params: object): string {
  return JSON.stringify({ jsonrpc: '2.0', method, params })
}

export function response(id: Id, result: object): string {
  return JSON.stringify({ jsonrpc: '2.0', id, result })
}

/** What a request gets for which nobody is there. */
export function refusal(id: Id, method: string): string {
  const error = { code: -32601, message: `"Method not found": ${method}` }
  return JSON.stringify({ jsonrpc: '2.0', id, error })
}
