import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Runtime } from '@overmind/core'
import type { DaemonStatus } from './types.ts'

/** What routes work with. */
export interface ApiContext {
  readonly runtime: Runtime
  status(): DaemonStatus
  /** Ends the missions unless `keep`, answers, and then ends the daemon. Settles with how many were stopped. */
  shutdown(keep: boolean): Promise<number>
}

export type Api = OpenAPIHono

export type Register = (api: Api, context: ApiContext) => void
