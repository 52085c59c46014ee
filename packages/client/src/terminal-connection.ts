/**
 * The terminal of a mission. Its keeper listens on a socket of its own, so that who is attached needs no daemon, and
 * stays attached when the daemon dies.
 */
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import {
  type AttachMode,
  type ClientMessage,
  encodeMessage,
  MalformedFrame,
  serverMessages,
  type ServerMessage,
  type Size,
  TERMINAL_PROTOCOL,
  type Welcome,
} from '@overmind/core/terminal-protocol'
import { ConnectionFailed, systemCode, TerminalNotRunning } from './errors.ts'
import { terminalSocketOf, terminalsOf } from './home.ts'
import { mustBeOurs } from './ownership.ts'

/** How long a keeper may take to let somebody go. Milliseconds. */
const LEAVE_MS = 3000

/** What a terminal tells. After `exit`, `detached` and `refused` nothing follows. */
export type TerminalNews = Exclude<ServerMessage, { readonly type: 'welcome' }>

export interface Terminal extends Disposable {
  readonly mission: string
  readonly name: string
  readonly run: number
  /** Joins in: `control` may type, and sets the size where one is given; `watch` only sees. A redraw follows. */
  attach(mode: AttachMode, size: Size | null): void
  /** Hands on what was typed; settles when more may come. */
  type(bytes: Uint8Array): Promise<void>
  resize(size: Size): void
  /** Asks for a redraw. */
  refresh(): void
  /** Detaches everyone. */
  detachAll(): void
  /** What it tells, as it comes; ends without a last word when the keeper is gone, and after `leave`. */
  news(): AsyncIterable<TerminalNews>
  /**
   * Detaches; settles when the keeper has noted that, or does not answer. Somebody has to take the news meanwhile, which
   * stand before its answer.
   */
  leave(): Promise<void>
}

/**
 * Connects to the keeper that listens on a socket, see `terminalSocketOf`.
 *
 * @throws TerminalNotRunning when none does, ConnectionFailed when what does is something else
 */
export async function connectTerminal(path: string): Promise<Terminal> {
  mustBeOurs(path)
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    const messages = read(socket, path)
    const first = await messages.next()
    if (first.done === true) throw new TerminalNotRunning(path)
    if (first.value.type === 'refused')
      throw new ConnectionFailed(`the terminal refuses: ${first.value.reason}`)
    if (first.value.type !== 'welcome') throw new MalformedFrame('a terminal says welcome first')
    // What is lost is told by the end of the news.
    socket.on('error', () => {})
    return terminal(socket, messages, first.value.welcome)
  } catch (error) {
    socket.destroy()
    throw failure(path, error)
  }
}

/** The terminals of a home that are there, found by their sockets. */
export async function listTerminals(
  home: string,
): Promise<readonly Pick<Terminal, 'mission' | 'name' | 'run'>[]> {
  const names = await readdir(terminalsOf(home)).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  })
  const found = names
    .filter((name) => !name.includes('.'))
    .map(async (mission) => {
      try {
        using terminal = await connectTerminal(terminalSocketOf(home, mission))
        return [{ mission, name: terminal.name, run: terminal.run }]
      } catch (error) {
        // A socket that a killed keeper left.
        if (error instanceof TerminalNotRunning) return []
        throw error
      }
    })
  return (await Promise.all(found)).flat()
}

function terminal(socket: Socket, messages: AsyncGenerator<ServerMessage>, welcome: Welcome): Terminal {
  const { mission, name, run } = welcome
  const send = (message: ClientMessage): boolean => socket.write(encodeMessage(message))
  return {
    mission,
    name,
    run,
    attach: (mode, size) =>
      void send({ type: 'hello', hello: { version: TERMINAL_PROTOCOL, mode, ...size } }),
    type: async (bytes) => {
      if (send({ type: 'input', bytes }) || socket.destroyed) return
      const { promise, resolve } = Promise.withResolvers<void>()
      socket.once('drain', resolve).once('close', resolve)
      await promise
      socket.off('drain', resolve).off('close', resolve)
    },
    resize: (size) => void send({ type: 'resize', size }),
    refresh: () => void send({ type: 'refresh' }),
    detachAll: () => void send({ type: 'detach' }),
    news: async function* () {
      for await (const message of messages) {
        if (message.type === 'welcome') continue
        yield message
        if (message.type === 'exit' || message.type === 'detached' || message.type === 'refused') return
      }
    },
    leave: async () => {
      if (socket.closed) return
      const { promise: closed, resolve } = Promise.withResolvers<void>()
      socket.once('close', resolve).end()
      const late = setTimeout(() => socket.destroy(), LEAVE_MS)
      await closed
      clearTimeout(late)
    },
    [Symbol.dispose]: () => void socket.destroy(),
  }
}

/** Ends when the other side is gone, however it went. */
async function* read(socket: Socket, path: string): AsyncGenerator<ServerMessage> {
  const decoder = serverMessages()
  try {
    for await (const piece of socket) {
      if (Buffer.isBuffer(piece)) yield* decoder.push(piece)
    }
  } catch (error) {
    if (error instanceof MalformedFrame) throw failure(path, error)
    if (systemCode(error) === undefined) throw error
  }
}

function failure(path: string, cause: unknown): unknown {
  if (cause instanceof MalformedFrame) {
    return new ConnectionFailed(`what answers on ${path} is not the keeper of a terminal`, { cause })
  }
  switch (systemCode(cause)) {
    case 'ENOENT':
    case 'ECONNREFUSED':
    case 'ECONNRESET':
    case 'ENOTDIR':
    case 'EPIPE':
      return new TerminalNotRunning(path, cause)
    default:
      return cause
  }
}
