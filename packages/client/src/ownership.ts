import { type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { ConnectionFailed } from './errors.ts'

const WRITABLE_BY_OTHERS = 0o022
const STICKY = 0o1000

/**
 * Whoever listens is told environments, and what is typed. So it must be this user: the socket is theirs, in a folder in
 * which nobody else can put another in its place.
 *
 * @throws ConnectionFailed; nothing has been sent
 */
export function mustBeOurs(socket: string): void {
  const [own, folder] = [statOf(socket), statOf(dirname(socket))]
  // That there is none is found out by who connects.
  if (own === undefined || folder === undefined) return
  const user = process.getuid?.()
  const isKept = (folder.mode & WRITABLE_BY_OTHERS) === 0 || (folder.mode & STICKY) !== 0
  if (own.uid === user && (folder.uid === user || folder.uid === 0) && isKept) return
  throw new ConnectionFailed(
    `${socket} belongs to another user, or others could put one of theirs in its place: nothing was sent`,
  )
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}
