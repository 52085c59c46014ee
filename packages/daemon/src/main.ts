/**
 * The program behind `overmind start`. Whoever starts it may hand it a pipe as descriptor 3: one line of
 * JSON on it says that the daemon is ready, or why it is not.
 */
import { appendFileSync, closeSync, fstatSync, writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { openRegular, OvermindError } from '@overmind/core'
import { startDaemon } from './daemon.ts'

const READY_PIPE = 3

// Node would open a port for a debugger, to which every user of the machine could connect.
process.on('SIGUSR1', () => {})

function report(news: object): void {
  const text = `${JSON.stringify(news)}\n`
  if (!isPipe(READY_PIPE)) {
    process.stderr.write(text)
    return
  }
  try {
    writeSync(READY_PIPE, text)
  } catch (error) {
    // Whoever started it has left meanwhile: nobody waits for the news.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error
  } finally {
    closeSync(READY_PIPE)
  }
}

function isPipe(descriptor: number): boolean {
  try {
    const stats = fstatSync(descriptor)
    return stats.isFIFO() || stats.isSocket()
  } catch {
    // Not open: it was started by hand.
    return false
  }
}

/** Nobody reads what a daemon in the background prints: why it fell stands in its log. */
function leaveLastWords(home: string): void {
  process.on('uncaughtExceptionMonitor', (error: unknown) => {
    const { stack = String(error) } = error instanceof Error ? error : {}
    const line = {
      level: 60,
      time: new Date(),
      pid: process.pid,
      name: 'overmind',
      msg: 'fell',
      err: { stack },
    }
    try {
      appendFileSync(openRegular(join(home, 'daemon.log'), 'append'), `${JSON.stringify(line)}\n`)
    } catch {
      // A disk that is full may be why it falls, or a home that is none.
    }
  })
}

/** Why it could not end stands in its log. */
function goOn(): void {}

const home = resolve(process.env['OVERMIND_HOME'] || join(homedir(), '.overmind'))
try {
  leaveLastWords(home)
  const daemon = await startDaemon({ home })
  // Asked to end by the system or by hand, it ends itself and not its missions: they are nobody's to end but their user's.
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => void daemon.close('keep').catch(goOn))
  // The terminal it was started from is not its own.
  process.on('SIGHUP', () => {})
  report({ ready: true, pid: process.pid })
  // Now, because one that is killed keeps nothing.
  flushCompileCache()
  await daemon.closed
  process.exit(0)
} catch (error) {
  const code = error instanceof OvermindError ? error.code : 'internal'
  report({ error: { code, message: error instanceof Error ? error.message : String(error) } })
  process.exit(1)
}
