import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
// Node loads what these packages have for `require`, whose names it cannot tell in advance.
/* oxlint-disable import/default */
import serialize from '@xterm/addon-serialize'
import unicode from '@xterm/addon-unicode11'
import headless from '@xterm/headless'
import { guardErasure } from '../../src/process/terminal/erase-guard.ts'
import {
  type Attached,
  type AttachMode,
  type ClientMessage,
  encodeMessage,
  serverMessages,
  type ServerMessage,
  TERMINAL_PROTOCOL,
} from '../../src/process/terminal/protocol.ts'
import { eventually } from './eventually.ts'

/** A screen that shows what it is given, and can be looked at. */
export interface ScreenModel {
  feed(bytes: Uint8Array | string): void
  resize(columns: number, rows: number): void
  clear(): void
  /** Its rows, without empty ones at the end. */
  text(): string
  /** All of it, colours and cursor included. */
  exact(): string
}

export function screenModel(columns = 80, rows = 24): ScreenModel {
  const terminal = new headless.Terminal({ cols: columns, rows, scrollback: 1000, allowProposedApi: true })
  guardErasure(terminal)
  const serializer = new serialize.SerializeAddon()
  terminal.loadAddon(serializer)
  terminal.loadAddon(new unicode.Unicode11Addon())
  terminal.unicode.activeVersion = '11'
  return {
    feed: (bytes) => terminal.write(bytes),
    resize: (width, height) => terminal.resize(width, height),
    clear: () => terminal.write('\x1bc'),
    text: () => {
      const { active } = terminal.buffer
      const lines = Array.from(
        { length: terminal.rows },
        (_, y) => active.getLine(active.baseY + y)?.translateToString(true) ?? '',
      )
      return lines.join('\n').trimEnd()
    },
    exact: () => serializer.serialize({ scrollback: 0 }),
  }
}

export interface AttachedClient extends Disposable {
  readonly screen: ScreenModel
  readonly messages: readonly ServerMessage[]
  readonly attached: Attached | undefined
  send(message: ClientMessage): void
  /** Sends whatever it is. */
  raw(bytes: Uint8Array): void
  type(text: string): void
  /** Takes nothing that is sent, until `resume`. */
  pause(): void
  resume(): void
  /** Settles when the screen shows a text. */
  shows(text: string): Promise<void>
  /** Settles with the first message of a type. */
  hears<T extends ServerMessage['type']>(type: T): Promise<Extract<ServerMessage, { readonly type: T }>>
  readonly closed: Promise<void>
}

export interface AttachOptions {
  readonly mode?: AttachMode
  readonly columns?: number
  readonly rows?: number
}

/** Connects to the terminal of a mission as soon as it is there. */
export async function connected(home: string, mission: string): Promise<AttachedClient> {
  const path = join(home, 'tty', mission)
  const socket = await eventually(
    () =>
      new Promise<ReturnType<typeof connect> | null>((resolve) => {
        const trying = connect(path)
        trying.once('connect', () => resolve(trying)).once('error', () => resolve(null))
      }),
    { what: `a terminal at ${path}` },
  ).catch((cause: unknown) => {
    const log = readdirSync(join(home, 'output'))
      .filter((name) => name.startsWith(mission))
      .map((name) => `${name}: ${readFileSync(join(home, 'output', name), 'utf8').slice(0, 1000)}`)
    throw new Error([String(cause), readFileSync(join(home, 'runs'), 'utf8'), ...log].join('\n'), { cause })
  })
  const decoder = serverMessages()
  const messages: ServerMessage[] = []
  const screen = screenModel()
  let attached: Attached | undefined
  socket.on('error', () => {})
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('data', (bytes) => {
    for (const message of decoder.push(bytes)) {
      if (message.type !== 'output') messages.push(message)
      if (message.type === 'size') screen.resize(message.size.columns, message.size.rows)
      if (message.type === 'redraw') screen.clear()
      if (message.type === 'redraw' || message.type === 'output') screen.feed(message.bytes)
      if (message.type === 'attached') attached = message.attached
    }
  })
  const send = (message: ClientMessage): void => void socket.write(encodeMessage(message))
  return {
    screen,
    messages,
    get attached() {
      return attached
    },
    send,
    raw: (bytes) => void socket.write(bytes),
    type: (text) => send({ type: 'input', bytes: Buffer.from(text) }),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    shows: async (text) => {
      await eventually(() => screen.text().includes(text), {
        what: `the screen shows ${JSON.stringify(text)}`,
      }).catch((cause: unknown) => {
        throw new Error(`the screen shows no ${JSON.stringify(text)}:\n${screen.text()}`, { cause })
      })
    },
    hears: (type) =>
      eventually(
        () =>
          messages.find(
            (message): message is Extract<ServerMessage, { type: typeof type }> => message.type === type,
          ),
        { what: `a message ${type}` },
      ),
    closed,
    [Symbol.dispose]: () => void socket.destroy(),
  }
}

/** The same, and attached. */
export async function attachedTo(
  home: string,
  mission: string,
  { mode = 'control', ...size }: AttachOptions = {},
): Promise<AttachedClient> {
  const client = await connected(home, mission)
  const { columns, rows } = size
  client.send({
    type: 'hello',
    hello: {
      version: TERMINAL_PROTOCOL,
      mode,
      ...(columns === undefined || rows === undefined ? {} : { columns, rows }),
    },
  })
  await client.hears('redraw')
  return client
}
