import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { createClient, DaemonNotRunning, type DaemonStatus, resolveHome } from '@overmind/client'
import { NODE_FLAGS } from '@overmind/daemon/node-flags'
import { CommandError } from '../failures.ts'

/** Of whom the caller may be a mission; a daemon belongs to none. */
const MARKS = ['OVERMIND_MISSION_ID', 'OVERMIND_MISSION_NAME', 'OVERMIND_RUN', 'OVERMIND_KEEPER']

/** How long another daemon that is just starting may take until it answers. */
const OTHER_STARTS_MS = 15_000
const ASK_AGAIN_MS = 25

export interface Started {
  readonly pid: number
  /** `false` when another one was starting at the same time and won. */
  readonly ours: boolean
}

/**
 * Starts a daemon that outlives this process and resolves once it answers.
 *
 * @throws CommandError with the daemon's own code when it cannot start
 */
export async function startDaemon(): Promise<Started> {
  const message = await launch(resolveHome())
  if ('pid' in message) return { pid: message.pid, ours: true }
  if (message.error.code !== 'home_in_use') throw new CommandError(message.error.code, message.error.message)
  return { pid: await otherDaemon(new CommandError('home_in_use', message.error.message)), ours: false }
}

type Message =
  | { readonly pid: number }
  | { readonly error: { readonly code: string; readonly message: string } }

/** The daemon says on a pipe of its own, in one line of JSON, that it is ready or why it cannot be. */
async function launch(home: string): Promise<Message> {
  const env = { ...process.env, OVERMIND_SUPERVISOR: '1', OVERMIND_HOME: home }
  const main = fileURLToPath(import.meta.resolve('@overmind/daemon/main'))
  const child = spawn(process.execPath, [...NODE_FLAGS, main], {
    cwd: '/',
    detached: true,
    env: Object.fromEntries(Object.entries(env).filter(([name]) => !MARKS.includes(name))),
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const failed = new Promise<never>((_, reject) => {
    child.once('error', (cause) =>
      reject(new CommandError('daemon_failed', `the daemon cannot be started: ${cause.message}`, { cause })),
    )
  })
  const pipe = child.stdio[3] as Readable // the fourth of `stdio` above
  const line = await Promise.race([firstLine(pipe), failed])
  pipe.destroy()
  child.unref()
  return readMessage(line)
}

async function firstLine(pipe: Readable): Promise<string> {
  let text = ''
  for await (const chunk of pipe.setEncoding('utf8')) {
    text += String(chunk)
    if (text.includes('\n')) break
  }
  return text
}

function readMessage(line: string): Message {
  try {
    const message: unknown = JSON.parse(line)
    if (isMessage(message)) return message
  } catch {
    // Said below.
  }
  throw new CommandError('daemon_failed', 'the daemon ended before it was ready: see daemon.log in its home')
}

function isMessage(value: unknown): value is Message {
  if (typeof value !== 'object' || value === null) return false
  if ('pid' in value) return typeof value.pid === 'number'
  return 'error' in value && typeof value.error === 'object' && value.error !== null && 'code' in value.error
}

/** Waits for the daemon that has won the home. @throws `reason` when none answers in time. */
async function otherDaemon(reason: CommandError): Promise<number> {
  for (let waited = 0; waited < OTHER_STARTS_MS; waited += ASK_AGAIN_MS) {
    const status = await findDaemon()
    if (status !== null) return status.pid
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))
  }
  throw reason
}

/** What the running daemon says of itself, or null when none runs. */
export async function findDaemon(): Promise<DaemonStatus | null> {
  const client = createClient()
  try {
    return await client.status()
  } catch (error) {
    if (error instanceof DaemonNotRunning) return null
    throw error
  }
}
