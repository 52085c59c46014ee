import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Environment, type Memory, objectInLine } from '@overmind/core'
import { type JsonObject, objectAt, textAt } from './json.ts'
import { textOf } from './tools.ts'

/**
 * What the CLI has of a conversation on disk. It writes a conversation down a moment after it has begun, so one that
 * was killed at once is not there, and cannot be resumed.
 */
export async function memoryOf(conversation: string, env: Environment): Promise<Memory> {
  const config = env['CLAUDE_CONFIG_DIR'] ?? join(env['HOME'] ?? homedir(), '.claude')
  const projects = join(config, 'projects')
  for (const project of await foldersIn(projects)) {
    const memory = await memoryIn(join(projects, project, `${conversation}.jsonl`))
    if (memory !== 'none') return memory
  }
  return 'none'
}

async function foldersIn(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/** The last that a person or the agent said decides; the CLI takes a file without such a line for no conversation. */
async function memoryIn(path: string): Promise<Memory> {
  const file = createReadStream(path)
  let memory: Memory = 'none'
  try {
    for await (const line of createInterface({ input: file })) {
      const entry = objectInLine(line)
      if (entry === undefined || entry['isSidechain'] === true) continue
      const type = textAt(entry, 'type')
      if (type === 'assistant') memory = isAnswer(entry) ? 'closed' : 'open'
      else if (type === 'user') memory = isLetGo(entry) ? 'closed' : 'open'
    }
    return memory
  } catch (error) {
    if (isMissing(error)) return 'none'
    throw error
  } finally {
    file.destroy()
  }
}

const ENDS: readonly unknown[] = ['end_turn', 'stop_sequence', 'max_tokens', 'refusal']

function isAnswer(entry: JsonObject): boolean {
  const cutOff = entry['isApiErrorMessage'] === true || entry['isAbortedMidStream'] === true
  return !cutOff && ENDS.includes(objectAt(entry, 'message')['stop_reason'])
}

/** A person wanted it to let go of its turn; the CLI does not go on with that. */
function isLetGo(entry: JsonObject): boolean {
  const text = textOf(objectAt(entry, 'message')['content'])
  return text.startsWith('[Request interrupted by user') && entry['interruptedByShutdown'] !== true
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}
