/** Programs that are asked something and end soon: no missions, and nothing of theirs is kept. */
import { type ChildProcess, spawn } from 'node:child_process'

/** How long the rest of stderr may take once the program has ended: a child of it may hold it open for ever. */
const REST_MS = 100

export interface ProgramOptions {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  /** After which it is killed. Milliseconds. */
  readonly timeoutMs: number
  /** Gives it up. */
  readonly signal: AbortSignal
  /** What it reads on stdin. Default: nothing. */
  readonly input?: string | Uint8Array
  /** So much of the end of what it says on stderr is kept. Default: nothing. Bytes. */
  readonly keepBytes?: number
}

export type ProgramEnd = { readonly said: string } & (
  | { readonly kind: 'ended'; readonly code: number | null; readonly killedBy: NodeJS.Signals | null }
  | { readonly kind: 'too-long' }
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'not-started'; readonly error: unknown }
)

/**
 * Runs a program in a process group of its own, which is killed when it takes too long or is given up. Never rejects, and waits for
 * nothing that it has killed.
 */
export function runProgram(
  [program, ...args]: readonly [string, ...string[]],
  { cwd, env, timeoutMs, signal, input, keepBytes = 0 }: ProgramOptions,
): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve({ kind: 'interrupted', said: '' })
      return
    }
    let child: ChildProcess
    try {
      child = spawn(program, args, {
        cwd,
        env,
        stdio: [input === undefined ? 'ignore' : 'pipe', 'ignore', keepBytes > 0 ? 'pipe' : 'ignore'],
        detached: true,
      })
    } catch (error) {
      resolve({ kind: 'not-started', error, said: '' })
      return
    }
    let said: Buffer = Buffer.alloc(0)
    const timer = setTimeout(() => {
      killGroup(child)
      settle({ kind: 'too-long', said: words() })
    }, timeoutMs)
    signal.addEventListener('abort', giveUp, { once: true })

    function giveUp(): void {
      killGroup(child)
      settle({ kind: 'interrupted', said: words() })
    }

    function words(): string {
      return said.toString('utf8')
    }

    function settle(end: ProgramEnd): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', giveUp)
      child.stdin?.destroy()
      child.stderr?.destroy()
      child.unref()
      resolve(end)
    }

    child.stderr?.on('data', (bytes: Uint8Array) => {
      said = Buffer.concat([said, bytes]).subarray(-keepBytes)
    })
    child.once('error', (error) => settle({ kind: 'not-started', error, said: words() }))
    child.once('exit', (code, killedBy) => {
      // From here on its number may be somebody else's.
      clearTimeout(timer)
      signal.removeEventListener('abort', giveUp)
      const done = (): void => settle({ kind: 'ended', code, killedBy, said: words() })
      const rest = setTimeout(done, REST_MS)
      child.once('close', () => {
        clearTimeout(rest)
        done()
      })
    })
    // It need not read what it is told.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It is gone already, or has become somebody else's, as by sudo: it is given up all the same.
  }
}
