import { createClient, type StartRequest } from '@overmind/client'
import { withDaemon } from '../daemon/with-daemon.ts'
import { print, printError, printJson } from '../terminal/print.ts'

export interface StartOptions {
  readonly follow: boolean
  /** Sit down at its terminal. */
  readonly attach?: boolean
  readonly json: boolean
}

/** Starts a mission, with a daemon when there is none, and says so; resolves to the exit code. */
export async function start(
  request: StartRequest,
  { follow, attach = false, json }: StartOptions,
): Promise<number | void> {
  const client = createClient()
  const { id, name } = await withDaemon(() => client.start(request))
  if (json) printJson({ id, name })
  else (follow || attach ? printError : print)(`Started mission ${id} (${name})\n`)
  if (attach) {
    const { attachTo } = await import('../attach/attach-to.ts')
    return attachTo(client, id)
  }
  if (!follow) return
  const following = await import('../follow/follow.ts')
  return following.follow(client, { id, name, json })
}
