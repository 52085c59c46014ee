/** What people ask of Overmind, by the client library or by the command. */
import type { CallOptions, OvermindClient, PipelineRequest, StartRequest } from '@overmind/client'

export interface User extends Pick<OvermindClient, 'prune' | 'reload'> {
  start(request: StartRequest, options: CallOptions): Promise<{ readonly id: string }>
  stop(ref: string, options: CallOptions & { readonly timeoutMs?: number | undefined }): Promise<unknown>
  kill(ref: string, options: CallOptions & { readonly cascade?: boolean | undefined }): Promise<unknown>
  restart(ref: string, options: CallOptions): Promise<unknown>
  remove(ref: string, options: CallOptions): Promise<unknown>
  send(ref: string, text: string, options: CallOptions): Promise<unknown>
  interrupt(ref: string, options: CallOptions): Promise<unknown>
  applyPipeline(request: PipelineRequest, options: CallOptions): Promise<unknown>
  scalePipeline(
    name: string,
    replicas: Readonly<Record<string, number>>,
    options: CallOptions,
  ): Promise<unknown>
  takeDown(name: string, options: CallOptions): Promise<unknown>
}
