import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError, isAway, type OvermindClient } from '@overmind/client'
import { CommandError } from '../failures.ts'
import { exitCodeOf } from '../missions/exit-code.ts'
import { print, printError, printJson } from '../terminal/print.ts'
import { isInteractive } from '../terminal/terminal.ts'
import { askDetach } from './ask.ts'

/** What a shell reports of a program that was interrupted. */
const INTERRUPTED = 130

/** How long the end of a mission may be under way when its output has been cut off. Milliseconds. */
const LAST_WORD_MS = 1000

export interface Followed {
  readonly id: string
  readonly name: string
  readonly json: boolean
}

/**
 * Streams the output of a mission to stdout until it has exited, and resolves to its exit code; 1 when that is
 * not known. Ctrl-C ends the watching, never the mission, unless the person asks for that.
 */
export async function follow(client: OvermindClient, mission: Followed): Promise<number> {
  const watching = new AbortController()
  const detached = onInterrupt(client, mission, watching)
  return Promise.race([detached, stream(client, mission, watching.signal)])
}

async function stream(
  client: OvermindClient,
  { id, name, json }: Followed,
  signal: AbortSignal,
): Promise<number> {
  // Asked beside the output: a daemon that ends with its missions answers this, and is gone when their output has been read.
  const over = client.wait(id, { signal })
  over.catch(() => {}) // told below
  try {
    if (json) for await (const line of client.logLines(id, { follow: true, signal })) printJson(line)
    else for await (const bytes of client.logs(id, { follow: true, signal })) print(bytes)
    return exitCodeOf(await over) ?? 1
  } catch (error) {
    if (signal.aborted) return new Promise(() => {}) // the interruption has the exit code
    if (!isAway(error)) throw error
    // It may have ended the mission before it went.
    const ended = await Promise.race([over.catch(() => undefined), sleep(LAST_WORD_MS)])
    if (ended !== undefined) return exitCodeOf(ended) ?? 1
    throw new CommandError(
      'connection_failed',
      `the daemon went away; the mission goes on without it: overmind start && overmind logs -f ${name}`,
      { cause: error },
    )
  }
}

/** Resolves to the exit code once the person has let go of the mission. */
function onInterrupt(client: OvermindClient, mission: Followed, watching: AbortController): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const detach = (code: number): void => {
    watching.abort()
    printError(`The mission goes on. See it again with: overmind logs -f ${mission.name}\n`)
    resolve(code)
  }
  let asking = false
  process.on('SIGINT', () => {
    if (!isInteractive() || asking) return detach(INTERRUPTED)
    asking = true
    void askDetach().then((answer) => {
      asking = false
      if (answer === 'detach') detach(0)
      if (answer === 'interrupted') detach(INTERRUPTED)
      if (answer === 'stop') {
        printError(`Stopping mission ${mission.id}\n`)
        // Its last output still comes, and then its code.
        client.stop(mission.id).catch((error: unknown) => {
          // It has just ended, or the daemon is gone: the stream says so.
          if (isAway(error) || (error instanceof ApiError && error.code === 'not_running')) return
          reject(error)
        })
      }
    })
  })
  return promise
}
