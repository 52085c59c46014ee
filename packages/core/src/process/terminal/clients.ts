/**
 * The people who are attached to a terminal. Each has a connection of its own; what is typed on one of them and what the
 * program answers is seen by all. The terminal has the size of whoever was active last.
 */
import type { Socket } from 'node:net'
import type { TerminalSize } from '../../model/spec.ts'
import {
  type Attached,
  type AttachMode,
  clientMessages,
  type ClientMessage,
  encodeMessage,
  type Hello,
  MalformedFrame,
  type ServerMessage,
  TERMINAL_PROTOCOL,
  type Welcome,
} from './protocol.ts'

export interface Clients {
  /** Takes in a connection. */
  add(socket: Socket): void
  /** The screen shows these bytes now. */
  output(bytes: Uint8Array): void
  /** What was typed has been taken: more may come. */
  taken(): void
  attached(): Attached
  /** Tells all that the program ended; settles when they know, or do not want to. */
  exit(code: number): Promise<void>
}

export interface ClientsOptions {
  readonly welcome: () => Welcome
  readonly redraw: () => Uint8Array
  readonly unfinished: () => Uint8Array
  /** Hands on what was typed; false when no more is to come until `taken`. */
  readonly type: (bytes: Uint8Array) => boolean
  readonly resize: (size: TerminalSize) => void
  readonly size: () => TerminalSize
  readonly onAttached: (attached: Attached) => void
}

interface Client {
  readonly socket: Socket
  readonly mode: AttachMode
  size: TerminalSize | null
  /** It reads too slowly: it is shown the screen when it has caught up, and none of what leads there. */
  behind: boolean
}

/** More than any person needs, and little for us. */
const MOST_CONNECTIONS = 64
/** So much may wait for one that reads slowly. Bytes. */
const MOST_WAITING = 1024 * 1024
/** How long one that is told to go has for it. Milliseconds. */
const LEAVE_MS = 1000

export function createClients(options: ClientsOptions): Clients {
  const { welcome, redraw, unfinished, type, resize, size, onAttached } = options
  const connections = new Set<Socket>()
  /** The program has ended: what there is to say to whoever comes now. */
  let ended: { readonly code: number } | undefined
  /** Who may type, and who watches: the one who was active last is the last. */
  const clients = new Map<Socket, Client>()

  function send(socket: Socket, ...messages: readonly ServerMessage[]): void {
    for (const message of messages) socket.write(encodeMessage(message))
  }

  /** Nothing is lost on who is behind: they will be shown all of it. */
  function tell(client: Client, ...messages: readonly ServerMessage[]): void {
    client.behind ||= client.socket.writableLength > MOST_WAITING
    if (!client.behind) send(client.socket, ...messages)
  }

  function tellAll(message: ServerMessage): void {
    for (const client of clients.values()) tell(client, message)
  }

  function attached(): Attached {
    const modes = [...clients.values()].map(({ mode }) => mode)
    const control = modes.filter((mode) => mode === 'control').length
    return { control, watch: modes.length - control }
  }

  function changed(): void {
    onAttached(attached())
    tellAll({ type: 'attached', attached: attached() })
  }

  function picture(): readonly ServerMessage[] {
    const begun = unfinished()
    return [
      { type: 'size', size: size() },
      { type: 'redraw', bytes: redraw() },
      ...(begun.length === 0 ? [] : [{ type: 'output', bytes: begun } as const]),
    ]
  }

  /** The terminal follows whoever did something last, and back when that one leaves; all see it then. */
  function follow(): 'resized' | 'same' {
    const leader = [...clients.values()].findLast(
      (client) => client.mode === 'control' && client.size !== null,
    )
    const wanted = leader?.size ?? size()
    const { columns, rows } = size()
    if (wanted.columns === columns && wanted.rows === rows) return 'same'
    resize(wanted)
    for (const client of clients.values()) tell(client, ...picture())
    return 'resized'
  }

  function active(client: Client): void {
    clients.delete(client.socket)
    clients.set(client.socket, client)
    follow()
  }

  function refuse(socket: Socket, reason: string): void {
    dismiss(socket, { type: 'refused', reason })
  }

  /** Says a last thing. One that does not hear it in time is cut off. */
  function dismiss(socket: Socket, last: ServerMessage): void {
    leave(socket)
    socket.end(encodeMessage(last))
    setTimeout(() => socket.destroy(), LEAVE_MS).unref()
  }

  function leave(socket: Socket): void {
    if (!clients.delete(socket)) return
    follow()
    changed()
  }

  function hello(socket: Socket, { version, mode, columns, rows }: Hello): void {
    if (version !== TERMINAL_PROTOCOL) {
      refuse(socket, `it speaks version ${TERMINAL_PROTOCOL} of the protocol, and not ${version}`)
      return
    }
    const client: Client = {
      socket,
      mode,
      size: columns === undefined || rows === undefined ? null : { columns, rows },
      behind: false,
    }
    clients.set(socket, client)
    if (follow() === 'same') tell(client, ...picture())
    changed()
  }

  function receive(socket: Socket, message: ClientMessage): void {
    const client = clients.get(socket)
    switch (message.type) {
      case 'hello':
        if (client === undefined) hello(socket, message.hello)
        return
      case 'detach':
        for (const each of [...clients.keys(), socket]) dismiss(each, { type: 'detached' })
        return
      case 'refresh':
        if (client !== undefined) tell(client, ...picture())
        return
      case 'resize':
        if (client?.mode !== 'control') return
        client.size = message.size
        active(client)
        return
      case 'input':
        if (client?.mode !== 'control') return
        active(client)
        if (!type(message.bytes)) for (const { socket } of clients.values()) socket.pause()
    }
  }

  function add(socket: Socket): void {
    const decoder = clientMessages()
    connections.add(socket)
    // It went away: what matters of that is in `close`.
    socket.on('error', () => {})
    // Before its end is answered: who leaves, and sees that, is no longer on record as attached.
    socket.prependListener('end', () => leave(socket))
    socket.on('close', () => {
      connections.delete(socket)
      leave(socket)
    })
    socket.on('drain', () => {
      const client = clients.get(socket)
      if (client?.behind !== true) return
      client.behind = false
      tell(client, ...picture(), { type: 'attached', attached: attached() })
    })
    if (connections.size > MOST_CONNECTIONS) {
      refuse(socket, `${MOST_CONNECTIONS} are attached already`)
      return
    }
    socket.on('data', (bytes) => {
      // It has been told to go.
      if (socket.writableEnded) return
      try {
        for (const message of decoder.push(bytes)) receive(socket, message)
      } catch (error) {
        if (!(error instanceof MalformedFrame)) throw error
        refuse(socket, error.message)
      }
    })
    send(socket, { type: 'welcome', welcome: welcome() })
    if (ended !== undefined) bid(socket, ended.code)
  }

  /** The last words: who has not been shown how it ended is shown it. */
  function bid(socket: Socket, code: number): void {
    if (clients.get(socket)?.behind !== false) send(socket, ...picture())
    clients.delete(socket)
    dismiss(socket, { type: 'exit', code })
  }

  return {
    add,
    attached,
    output: (bytes) => tellAll({ type: 'output', bytes }),
    taken: () => {
      for (const { socket } of clients.values()) socket.resume()
    },
    exit: async (code) => {
      ended = { code }
      const closed = [...connections].map((socket) => new Promise((resolve) => socket.once('close', resolve)))
      for (const socket of connections) bid(socket, code)
      await Promise.all(closed)
    },
  }
}
