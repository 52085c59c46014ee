import { createHmac } from 'node:crypto'
import { openRegularFile } from '@overmind/core'
import type { Secret } from '../config/config.ts'

/** A text that is to be had at this moment; `field` is what it is for. @throws Error that says why it is not, without it */
export async function reveal(secret: Secret, field: string): Promise<string> {
  if ('text' in secret) return secret.text
  if ('env' in secret) {
    const found = process.env[secret.env]
    if (found !== undefined) return found
    throw new Error(`${field}: the variable ${secret.env} is not set where the daemon was started`)
  }
  try {
    return await contentOf(secret.file)
  } catch (cause) {
    const why =
      cause instanceof Error ? ('code' in cause ? String(cause.code) : cause.message) : String(cause)
    throw new Error(`${field}: the file ${secret.file} cannot be read (${why})`, { cause })
  }
}

/** Without the end of the last line. */
async function contentOf(path: string): Promise<string> {
  await using file = await openRegularFile(path, 'read')
  return (await file.readFile('utf8')).replace(/\r?\n$/, '')
}

/** What `Overmind-Signature` says of a body. */
export function signature(body: string, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
}
