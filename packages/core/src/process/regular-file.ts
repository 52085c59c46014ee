/**
 * Files that others may have replaced: a mission by a pipe, which makes who opens it wait for ever, or by a device, which
 * may never end. Here such a thing is an error, and nobody waits.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { isShortage, systemCode } from '../model/errors.ts'

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

/** What the system says of a file; undefined when there is none that can be seen. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

/** As `ERR_INVALID_ARG_VALUE` is not. */
const SYSTEM_CODE = /^E[A-Z0-9]+$/

/**
 * Whether there is no file to be had under a name: none, something else in its place, a link to itself, one that may not be
 * read. There are more ways to lose a file than anybody counts. What the machine is short of says nothing of the file.
 */
export function isAbsent(error: unknown): boolean {
  if (error instanceof NotAFile) return true
  return SYSTEM_CODE.test(systemCode(error) ?? '') && !isShortage(error)
}
