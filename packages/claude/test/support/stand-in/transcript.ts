/**
 * The file that a conversation lives in: `$CLAUDE_CONFIG_DIR/projects/<folder>/<id>.jsonl`.
 *
 * What is said reaches the disk in batches, a tenth of a second later; a result waits for it. So a CLI that is
 * killed has lost the last moment, as the real one has.
 */
import { appendFileSync, existsSync, globSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { AnswerBlock, Message, ToolResultBlock } from '../script.ts'

export type Entry = UserEntry | AssistantEntry | AttachmentEntry | CostEntry

export interface UserEntry {
  readonly type: 'user'
  readonly uuid: string
  readonly message: { readonly role: 'user'; readonly content: readonly (AnswerBlock | ToolResultBlock)[] }
  /** Not said by anybody: the CLI told the model to go on. */
  readonly isMeta?: true
  readonly interruptedByShutdown?: true
}

export interface AssistantEntry {
  readonly type: 'assistant'
  readonly uuid: string
  readonly message: {
    readonly role: 'assistant'
    readonly id: string
    readonly stop_reason: string | null
    readonly content: readonly AnswerBlock[]
  }
  readonly isApiErrorMessage?: true
}

/** Context of a turn, or a message that joined one. */
interface AttachmentEntry {
  readonly type: 'attachment'
  readonly message?: string
}

interface CostEntry {
  readonly type: 'cost-state'
  readonly totalCostUSD: number
}

/** What a resume finds. */
export type Rest =
  /** Nothing is left to be done. */
  | { readonly kind: 'done' }
  /** A message that nothing came after. */
  | { readonly kind: 'unanswered'; readonly uuid: string }
  /** A turn that was cut short, for this message. */
  | { readonly kind: 'cut'; readonly uuid: string }

export interface Transcript {
  /** A file without a word of anybody is no conversation, and yet its id is in use. */
  readonly found: 'conversation' | 'file' | 'no file'
  /** Dollars when it was last closed. */
  readonly cost: number
  append(...entries: readonly Entry[]): void
  /** All of it is on disk. */
  flush(): void
  /** What the model is sent. */
  messages(): readonly Message[]
  rest(): Rest
  /** What is known of a message that somebody sent. */
  find(uuid: string): 'unknown' | 'last' | 'said' | 'answered'
}

export interface TranscriptOptions {
  readonly config: string
  readonly cwd: string
  readonly sessionId: string
}

/** Milliseconds that entries wait to be written. */
const lag = 100

export const continuation = 'Continue from where you left off.'
export const interruption = '[Request interrupted by user'

export function openTranscript({ config, cwd, sessionId }: TranscriptOptions): Transcript {
  const [file = join(config, 'projects', cwd.replaceAll(/[^a-zA-Z0-9]/g, '-'), `${sessionId}.jsonl`)] =
    globSync(join(config, 'projects', '*', `${sessionId}.jsonl`))
  const isThere = existsSync(file)
  const entries = isThere ? read(file) : []
  const isConversation = entries.some(({ type }) => type === 'user' || type === 'assistant')
  const found = isConversation ? 'conversation' : isThere ? 'file' : 'no file'
  let unwritten: Entry[] = []
  let timer: NodeJS.Timeout | undefined

  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    if (unwritten.length === 0) return
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    const stamp = { sessionId, cwd, timestamp: new Date().toISOString() }
    const lines = unwritten.map((entry) => `${JSON.stringify({ ...entry, ...stamp })}\n`)
    appendFileSync(file, lines.join(''), { mode: 0o600 })
    unwritten = []
  }
  return {
    found,
    cost: entries.findLast((entry) => entry.type === 'cost-state')?.totalCostUSD ?? 0,
    append(...added) {
      entries.push(...added)
      unwritten.push(...added)
      timer ??= setTimeout(flush, lag)
    },
    flush,
    messages: () => view(entries),
    rest: () => restOf(entries),
    find(uuid) {
      const at = entries.findLastIndex((entry) => entry.type === 'user' && entry.uuid === uuid)
      if (at === -1) return 'unknown'
      const later = entries.slice(at + 1)
      if (later.some(({ type }) => type === 'assistant')) return 'answered'
      return later.some(({ type }) => type === 'user' || type === 'attachment') ? 'said' : 'last'
    },
  }
}

function read(file: string): Entry[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Entry]))
}

function restOf(entries: readonly Entry[]): Rest {
  const last = entries.findLast(({ type }) => type === 'user' || type === 'assistant')
  const uuid = entries.findLast((entry): entry is UserEntry => entry.type === 'user' && isPrompt(entry))?.uuid
  if (last === undefined || uuid === undefined) return { kind: 'done' }
  if (last.type === 'assistant') {
    const open =
      last.isApiErrorMessage === true || last.message.content.some(({ type }) => type === 'tool_use')
    return open ? { kind: 'cut', uuid } : { kind: 'done' }
  }
  if (last.type !== 'user' || last.isMeta) return { kind: 'done' }
  if (last.interruptedByShutdown) return { kind: 'cut', uuid }
  if (textOf(last).startsWith(interruption)) return { kind: 'done' }
  const bare = last.uuid === uuid && entries.at(-1)?.type === 'user'
  return { kind: bare ? 'unanswered' : 'cut', uuid }
}

function isPrompt(entry: UserEntry): boolean {
  return !entry.isMeta && textOf(entry) !== '' && !textOf(entry).startsWith(interruption)
}

function textOf({ message }: UserEntry): string {
  return message.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n')
}

/** Neighbours are one message; an answer whose tools never returned, and API errors, are left out. */
function view(entries: readonly Entry[]): readonly Message[] {
  const returned = new Set(
    entries.flatMap((entry) =>
      entry.type === 'user'
        ? entry.message.content.flatMap((block) => (block.type === 'tool_result' ? [block.tool_use_id] : []))
        : [],
    ),
  )
  const dropped = new Set(
    entries.flatMap((entry) =>
      entry.type === 'assistant' &&
      (entry.isApiErrorMessage ||
        entry.message.content.some((block) => block.type === 'tool_use' && !returned.has(block.id)))
        ? [entry.message.id]
        : [],
    ),
  )
  const messages: { role: 'user' | 'assistant'; id: string; content: (AnswerBlock | ToolResultBlock)[] }[] =
    []
  for (const entry of entries) {
    if (entry.type !== 'user' && entry.type !== 'assistant') continue
    const id = entry.type === 'user' ? 'user' : entry.message.id
    if (dropped.has(id)) continue
    const last = messages.at(-1)
    if (last?.id === id) last.content.push(...entry.message.content)
    else messages.push({ role: entry.type, id, content: [...entry.message.content] })
  }
  return messages
}
