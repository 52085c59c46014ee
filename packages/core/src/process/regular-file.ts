/**
 * Files that others may have replaced: a mission by a pipe, which makes who opens it wait for ever, or by a device, which
 * may never end. Here such a thing is an error, and nobody waits.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { systemCode } from '../model/errors.ts'

const { O_RDONLY, O_RDWR, O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants

/** To append to, a file is made if need be, private from its first byte. */
type How = 'read' | 'append' | 'read-append'

const FLAGS: Readonly<Record<How, number>> = {
  read: O_RDONLY | O_NONBLOCK,
  append: O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK,
  'read-append': O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK,
}

const PRIVATE = 0o600

class NotAFile extends Error {
  override readonly name = 'NotAFile'

  constructor() {
    super('it is not a file')
  }
}

/** @throws the system's error, or one that says that it is not a file */
export function openRegular(path: string, how: How): number {
  const file = openSync(path, FLAGS[how], PRIVATE)
  if (fstatSync(file).isFile()) return file
  closeSync(file)
  throw new NotAFile()
}

/** The same without waiting for the disk. */
export async function openRegularFile(path: string, how: How): Promise<FileHandle> {
  const file = await open(path, FLAGS[how], PRIVATE)
  if ((await file.stat()).isFile()) return file
  await file.close()
  throw new NotAFile()
}

/** All of a file as text. @throws as above, and when it is larger than `mostBytes` */
export function readRegular(path: string, mostBytes: number): string {
  const file = openRegular(path, 'read')
  try {
    const { size } = fstatSync(file)
    if (size > mostBytes) throw new RangeError(`it has ${size} bytes, and may have ${mostBytes}`)
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

/** Whether a file could not be opened because there is none, or no file in its place. */
export function isAbsent(error: unknown): boolean {
  const code = systemCode(error)
  // ENXIO: a pipe that nobody reads from, or a socket.
  return error instanceof NotAFile || code === 'ENOENT' || code === 'ENXIO'
}
