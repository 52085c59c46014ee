import { spawn } from 'node-pty'
import { screenModel, type ScreenModel } from './attached.ts'
import { eventually } from './eventually.ts'

export interface PersonOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly columns?: number
  readonly rows?: number
}

/** Somebody in front of a terminal of their own, on which a command runs. When that has ended nobody types there any more. */
export interface Person extends AsyncDisposable {
  readonly screen: ScreenModel
  /** All that the command wrote, as it is. */
  readonly seen: string
  readonly ended: Promise<number>
  type(keys: string): void
  resize(columns: number, rows: number): void
  shows(text: string): Promise<void>
  kill(signal: NodeJS.Signals): void
  /** The terminal is gone, and the command is told so. */
  closeWindow(): void
}

export function person(
  [file, ...args]: readonly [string, ...string[]],
  { cwd, env, columns = 80, rows = 24 }: PersonOptions,
): Person {
  const pty = spawn(file, args, { name: 'xterm-256color', cols: columns, rows, cwd, env })
  const screen = screenModel(columns, rows)
  let seen = ''
  pty.onData((data) => {
    seen += data
    screen.feed(data)
  })
  const ended = new Promise<number>((resolve) => {
    pty.onExit(({ exitCode, signal = 0 }) => resolve(signal === 0 ? exitCode : 128 + signal))
  })
  let over = false
  void ended.then(() => (over = true))
  return {
    screen,
    get seen() {
      return seen
    },
    ended,
    type: (keys) => {
      if (!over) pty.write(keys)
    },
    resize: (width, height) => {
      try {
        pty.resize(width, height)
      } catch (error) {
        // The command has ended, though nobody has heard of it yet.
        if (/ENOTTY|EBADF/.test(String(error))) return
        throw error
      }
      screen.resize(width, height)
    },
    shows: async (text) => {
      await eventually(() => screen.text().includes(text)).catch((cause: unknown) => {
        throw new Error(`the screen shows no ${JSON.stringify(text)}:\n${screen.text()}`, { cause })
      })
    },
    kill: (signal) => {
      if (!over) pty.kill(signal)
    },
    closeWindow: () => {
      // Not in its types: closes the terminal, then sends SIGHUP as the system does.
      if ('destroy' in pty && typeof pty.destroy === 'function') pty.destroy()
    },
    [Symbol.asyncDispose]: async () => {
      if (!over) pty.kill('SIGKILL')
      await ended
    },
  }
}
