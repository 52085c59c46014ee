import { createClient } from '@overmind/client'
import type { Terminal } from '@overmind/client/terminal'
import { inert } from '@overmind/daemon/text'
import { CommandError } from '../failures.ts'
import { exitCodeOf } from '../missions/exit-code.ts'
import { printError } from '../terminal/print.ts'
import { terminalSize } from '../terminal/terminal.ts'
import { type Key, watchKeys } from './detach-keys.ts'
import { type OwnTerminal, takeTerminal } from './own-terminal.ts'

export interface AttachOptions {
  readonly mode: 'control' | 'watch'
  readonly keys: readonly Key[]
}

type End =
  | { readonly kind: 'ended'; readonly code: number }
  | { readonly kind: 'detached' }
  /** Its keeper was killed, as with the mission. */
  | { readonly kind: 'lost' }

/** How long the end of a mission may take whose terminal is gone. Milliseconds. */
const LOST_MS = 3000
/** How long the keys are shown, and when they are again, since a program that has just begun clears the screen. Milliseconds. */
const HINT_MS = 3000
const HINT_AGAIN_MS = 700

const CTRL_C = 0x03

const ASK_TO_LEAVE = ['SIGINT', 'SIGTERM'] as const

/**
 * Puts the person in front of a mission's terminal. Resolves to the exit code: 0 when they have left, else the
 * program's. The person's terminal is as it was before, whatever happens.
 *
 * @throws CommandError `connection_failed` when the terminal was lost
 */
export async function attach(terminal: Terminal, options: AttachOptions): Promise<number> {
  // What listens says what it is called.
  const [mission, name] = [inert(terminal.mission), inert(terminal.name)]
  const end = await besides(terminal, options)
  if (end.kind === 'detached') {
    printError(`Detached from mission ${mission}\n`)
    return 0
  }
  const code = end.kind === 'ended' ? end.code : await codeOf(mission)
  printError(`Mission ${mission} (${name}) ended with exit code ${code}\n`)
  return code
}

/** What the daemon knows of the end of a mission whose keeper could not tell. @throws CommandError `connection_failed` */
async function codeOf(mission: string): Promise<number> {
  try {
    return exitCodeOf(await createClient().wait(mission, { timeoutMs: LOST_MS })) ?? 1
  } catch (cause) {
    throw new CommandError(
      'connection_failed',
      `the terminal of mission ${mission} is gone without a word: overmind describe ${mission} may say why`,
      { cause },
    )
  }
}

async function besides(terminal: Terminal, { mode, keys }: AttachOptions): Promise<End> {
  using own = takeTerminal()
  const left = Promise.withResolvers<End>()
  const leave = (): void => left.resolve({ kind: 'detached' })
  for (const signal of [...ASK_TO_LEAVE, 'SIGHUP'] as const) process.on(signal, leave)
  const onResize = (): void => {
    const size = terminalSize()
    if (size !== null) terminal.resize(size)
    terminal.refresh()
  }
  process.stdout.on('resize', onResize)
  if (process.stdin.isTTY) readKeys(terminal, { mode, keys, leave })
  const title = `${mode === 'watch' ? 'Watching' : 'Attached to'} ${inert(terminal.name)} (${inert(terminal.mission)})`
  const way = [...(mode === 'watch' ? ['ctrl-c'] : []), keys.map(({ name }) => name).join(',')].join(' or ')
  let hint: string | undefined = `${title}; detach with ${way}`
  const hints = [
    setTimeout(() => terminal.refresh(), HINT_AGAIN_MS),
    setTimeout(() => {
      hint = undefined
      terminal.refresh()
    }, HINT_MS),
  ]
  try {
    terminal.attach(mode, terminalSize())
    return await Promise.race([left.promise, show(terminal, own, () => hint)])
  } finally {
    for (const each of hints) clearTimeout(each)
    process.stdout.off('resize', onResize)
    // SIGHUP stays: a window that is closed says so more than once, and what is left to be done must be done.
    for (const signal of ASK_TO_LEAVE) process.off(signal, leave)
    await terminal.leave()
    terminal[Symbol.dispose]()
  }
}

interface ReadOptions extends AttachOptions {
  readonly leave: () => void
}

function readKeys(terminal: Terminal, { mode, keys, leave }: ReadOptions): void {
  const watch = watchKeys(keys)
  const { stdin } = process
  stdin.on('data', (typed: Buffer) => {
    const { rest, detach } = watch.push(typed)
    if (mode === 'watch') {
      if (detach || rest.includes(CTRL_C)) leave()
      return
    }
    stdin.pause()
    void terminal.type(rest).then(() => (detach ? leave() : void stdin.resume()))
  })
  // The window was closed.
  stdin.on('end', leave).on('error', leave)
  stdin.resume()
}

/** `hint`: what is said below each redraw, while there is something to say. */
async function show(terminal: Terminal, own: OwnTerminal, hint: () => string | undefined): Promise<End> {
  for await (const news of terminal.news()) {
    switch (news.type) {
      case 'redraw':
        own.redraw(news.bytes, hint())
        break
      case 'output':
        own.output(news.bytes)
        break
      case 'size':
      case 'attached':
        break
      case 'exit':
        return { kind: 'ended', code: news.code }
      case 'detached':
        return { kind: 'detached' }
      case 'refused':
        throw new CommandError('connection_failed', `the terminal refuses: ${news.reason}`)
    }
  }
  return { kind: 'lost' }
}
