/** The pseudoterminal of a run. The only file that knows node-pty. */
import { fstatSync, writeSync } from 'node:fs'
import type { IPty } from 'node-pty'
import { systemCode } from '../../model/errors.ts'
import type { TerminalSize } from '../../model/spec.ts'
import { terminalUnavailable } from './launch.ts'

export interface PtyOptions {
  readonly size: TerminalSize
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly onOutput: (bytes: Buffer) => void
  /** All output has been told before. `signal`: the number of the signal that ended it, or 0. */
  readonly onExit: (end: { readonly code: number; readonly signal: number }) => void
  /** What was typed has been taken, after `type` had said that it was too much. */
  readonly onTaken: () => void
}

export interface Pty {
  /** Hands on what was typed; false when so much waits that no more should come until `onTaken`. */
  type(bytes: Uint8Array): boolean
  resize(size: TerminalSize): void
  /** Takes no output for now, so that the program waits with more. */
  pause(): void
  resume(): void
}

/** So much may wait for a program that does not read. Bytes. */
const MOST_WAITING = 256 * 1024
/** How soon a full terminal is tried again, and a program that was made to wait is looked after. Milliseconds. */
const AGAIN_MS = 10

/** Starts a command on a terminal of its own. @throws OvermindError `terminal_unavailable` */
export async function openPty(
  [file, ...args]: readonly [string, ...string[]],
  { size, cwd, env, onOutput, onExit, onTaken }: PtyOptions,
): Promise<Pty> {
  const { spawn } = await import('node-pty').catch((cause: unknown) => {
    throw terminalUnavailable(cause)
  })
  const pty = spawn(file, args, {
    name: env['TERM'] ?? 'xterm-256color',
    cols: size.columns,
    rows: size.rows,
    cwd,
    env,
    // Bytes: what a program writes need not be text.
    encoding: null,
  })
  const keyboard = createKeyboard(descriptorOf(pty), onTaken)
  let watch: NodeJS.Timeout | undefined

  function resume(): void {
    clearInterval(watch)
    watch = undefined
    pty.resume()
  }

  pty.onData((data: string | Buffer) => onOutput(typeof data === 'string' ? Buffer.from(data) : data))
  pty.onExit(({ exitCode, signal = 0 }) => {
    clearInterval(watch)
    keyboard.close()
    onExit({ code: exitCode, signal })
  })
  return {
    type: keyboard.type,
    resize: ({ columns, rows }) => {
      if (keyboard.isOpen()) pty.resize(columns, rows)
    },
    pause: () => {
      pty.pause()
      // node-pty throws away what was not read soon after the end, and that is little: the kernel keeps 64 KB at most.
      watch ??= setInterval(() => {
        if (!exists(pty.pid)) resume()
      }, AGAIN_MS)
    },
    resume,
  }
}

interface Keyboard {
  type(bytes: Uint8Array): boolean
  isOpen(): boolean
  close(): void
}

/**
 * Node-pty's own writing asks a full terminal again and again without a pause, and never says how much waits. The
 * descriptor does not block, so that it can be written at once; it is node-pty's to close, and its number may be
 * another file's afterwards.
 */
function createKeyboard(file: number, onTaken: () => void): Keyboard {
  const device = fstatSync(file).rdev
  const waiting: Uint8Array[] = []
  let bytes = 0
  let full = false
  let again: NodeJS.Timeout | undefined

  function isOpen(): boolean {
    try {
      return fstatSync(file).rdev === device
    } catch {
      return false
    }
  }

  /** How many bytes the terminal takes now; all of them when it is gone and nobody will ever read them. */
  function offer(typed: Uint8Array): number {
    if (!isOpen()) return typed.length
    try {
      return writeSync(file, typed)
    } catch (error) {
      return systemCode(error) === 'EAGAIN' ? 0 : typed.length
    }
  }

  function flush(): void {
    again = undefined
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      const taken = offer(first)
      bytes -= taken
      if (taken === first.length) {
        waiting.shift()
        continue
      }
      waiting[0] = first.subarray(taken)
      again = setTimeout(flush, AGAIN_MS)
      break
    }
    if (full && bytes < MOST_WAITING / 2) {
      full = false
      onTaken()
    }
  }

  return {
    isOpen,
    type: (typed) => {
      waiting.push(typed)
      bytes += typed.length
      if (again === undefined) flush()
      full ||= bytes > MOST_WAITING
      return !full
    },
    close: () => {
      clearTimeout(again)
      waiting.length = 0
    },
  }
}

/** It has one on every Unix, though its type does not say so. */
function descriptorOf(pty: IPty): number {
  if ('fd' in pty && typeof pty.fd === 'number') return pty.fd
  throw new TypeError('a terminal of node-pty has a descriptor')
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
