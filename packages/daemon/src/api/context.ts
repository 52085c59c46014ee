import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Runtime } from '@overmind/core'
import type { Hooks } from '../hooks/hooks.ts'
import type { DaemonStatus, Reloaded } from './types.ts'

/** What routes work with. */
export interface ApiContext {
  readonly runtime: Runtime
  readonly hooks: Omit<Hooks, 'change' | 'close'>
  status(): DaemonStatus
  /** Reads the settings again. @throws OvermindError `invalid_config`, `store_failed`: then nothing has changed */
  reload(): Reloaded
  /** Ends the missions unless `keep`, answers, and then ends the daemon. Settles with how many were stopped. */
  shutdown(keep: boolean): Promise<number>
  /** Told of errors that are the daemon's own. */
  onError(error: unknown): void
}

export type Api = OpenAPIHono

export type Register = (api: Api, context: ApiContext) => void
