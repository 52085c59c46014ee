import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** Each of these may be somebody who waits for a mission. */
const MOST = 4096
/** Where it cannot be read how many files may be open. */
const USUAL_FILES = 1024

/** How many connections there may be: what else the daemon does takes open files as well. */
export function mostConnections(): number {
  return Math.min(MOST, Math.floor(openFilesAllowed() / 2))
}

function openFilesAllowed(): number {
  if (process.platform !== 'linux') return USUAL_FILES
  const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? []
  return soft === undefined ? USUAL_FILES : Number(soft)
}

/**
 * Keeps a client from taking all connections that there can be. When there are too many, the oldest goes on which nothing is
 * asked: it has never sent a whole request, or its answers are through. With a request on each of them the newest goes.
 */
export function limitConnections(server: Server, most: number): void {
  const open = new Set<Socket>()
  const asked = new Map<Socket, number>()

  server.on('connection', (socket) => {
    open.add(socket)
    socket.once('close', () => {
      open.delete(socket)
      asked.delete(socket)
    })
    if (open.size <= most) return
    const idle = open.values().find((each) => !asked.has(each))
    void (idle ?? socket).destroy()
  })
  server.on('request', ({ socket }, response) => {
    asked.set(socket, (asked.get(socket) ?? 0) + 1)
    response.once('close', () => {
      const left = (asked.get(socket) ?? 0) - 1
      if (left > 0) asked.set(socket, left)
      else asked.delete(socket)
    })
  })
}
