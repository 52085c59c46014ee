import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Environment } from '@overmind/core'

/**
 * Whether the CLI has anything of a conversation on disk. It writes a conversation down a moment after it has begun,
 * so one that was killed at once is not there, and cannot be resumed.
 */
export async function isOnDisk(conversation: string, env: Environment): Promise<boolean> {
  const config = env['CLAUDE_CONFIG_DIR'] ?? join(env['HOME'] ?? homedir(), '.claude')
  const projects = join(config, 'projects')
  for (const project of await foldersIn(projects)) {
    if (await holdsMessage(join(projects, project, `${conversation}.jsonl`))) return true
  }
  return false
}

async function foldersIn(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/** Whether there is a line of a person in it: the CLI takes a file without one for no conversation. */
async function holdsMessage(path: string): Promise<boolean> {
  const file = createReadStream(path)
  try {
    for await (const line of createInterface({ input: file })) {
      if (line.includes('"type":"user"')) return true
    }
    return false
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  } finally {
    file.destroy()
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}
