/**
 * What a model is to answer, written into the prompt itself, so that whoever plays the model needs no memory:
 * sessions, retries and resumes at once just work.
 *
 * A user's message may hold directive lines; everything else in it is ignored:
 *
 *   ::text Hello there              a text block; `\n` is a line break
 *   ::thinking Let me see...        a thinking block
 *   ::tool Bash {"command":"ls"}    a tool_use block (stop_reason becomes tool_use)
 *   ::slow 50                       50 ms between the deltas that follow
 *   ::delay 1000                    wait before the response begins
 *   ::wait 1000                     wait between two blocks
 *   ::error 529                     answer this status, always
 *   ::error 529 x2                  answer this status twice, then go on
 *   ::error 529 until /some/file    as long as this file is not there
 *   ::error 400 prompt is too long  with this sentence
 *   ::sse-error overloaded_error    an `error` event in the middle of the stream
 *   ::disconnect                    cut the connection here
 *   ::hang                          send nothing from here on
 *   ::usage {"input_tokens":1234}   overrides numbers of usage
 *   ::stop max_tokens               overrides stop_reason
 *   ::header name: value            adds a header to the response
 *   ::crash 3                       the stand-in for the CLI ends here with this code; an API ignores it
 *   ::next                          ends this model call; what follows answers the next one, after tool
 *                                   results or when the client asks to continue a cut-off answer
 *
 * A message without directives gets `reply <n>: <last user text>`, where n counts the user's texts of the
 * conversation: enough to see whether history survived.
 */
import { existsSync } from 'node:fs'

export interface TextBlock {
  readonly type: 'text'
  readonly text: string
}
export interface ThinkingBlock {
  readonly type: 'thinking'
  readonly thinking: string
  readonly signature: string
}
export interface ToolUseBlock {
  readonly type: 'tool_use'
  readonly id: string
  readonly name: string
  readonly input: Readonly<Record<string, unknown>>
}
export interface ToolResultBlock {
  readonly type: 'tool_result'
  readonly tool_use_id: string
  readonly content: string
  readonly is_error: boolean
}
export type AnswerBlock = TextBlock | ThinkingBlock | ToolUseBlock

export interface Message {
  readonly role: 'user' | 'assistant' | 'system'
  readonly content: string | readonly (AnswerBlock | ToolResultBlock)[]
}

export interface Step {
  readonly op: string
  readonly arg: string
}

export interface Usage {
  readonly input_tokens: number
  readonly cache_creation_input_tokens: number
  readonly cache_read_input_tokens: number
  readonly output_tokens: number
}

const directive = /^::([a-z-]+)(?:[ \t]+(.*))?$/

/** The directives of a text, one list for each model call; undefined when it holds none. */
export function parseScript(text: string): Step[][] | undefined {
  const lines = text.split('\n').flatMap((line) => {
    const [found, op, arg = ''] = directive.exec(line.trimEnd()) ?? []
    return found === undefined || op === undefined ? [] : [{ op, arg }]
  })
  if (lines.length === 0) return undefined
  const calls: Step[][] = [[]]
  for (const step of lines) {
    if (step.op === 'next') calls.push([])
    else calls.at(-1)?.push(step)
  }
  return calls
}

/** The steps with which to answer a conversation. */
export function planReply(messages: readonly Message[]): readonly Step[] {
  for (const [back, message] of messages.toReversed().entries()) {
    const texts = userTexts(message)
    if (texts.length === 0) continue
    const script = parseScript(texts.join('\n'))
    // A plain prompt is newer than any script.
    if (!script) break
    const answered = messages.slice(messages.length - back).filter(({ role }) => role === 'assistant').length
    return script[answered] ?? [{ op: 'text', arg: '(end of script)' }]
  }
  const said = messages.flatMap(userTexts)
  return [{ op: 'text', arg: `reply ${said.length}: ${(said.at(-1) ?? '').trim().slice(0, 200)}` }]
}

/** What a client puts into user messages by itself. */
const unsaid =
  /^\s*(<(system-reminder|command-|local-command)|Continue from where you left off|Your response above was (cut off|stopped)|Output token limit hit|\[Your previous response had|\[Request interrupted by user)/

function userTexts({ role, content }: Message): string[] {
  if (role !== 'user') return []
  const texts =
    typeof content === 'string' ? [content] : content.flatMap((b) => (b.type === 'text' ? [b.text] : []))
  return texts.filter((text) => text.trim() !== '' && !unsaid.test(text))
}

/** What must be known before the first byte of a response. */
export interface Opening {
  readonly delay: number
  readonly headers: Readonly<Record<string, string>>
  readonly usage: Partial<Usage>
  readonly stop: string | undefined
  /** Refusals, each with how often it comes; the first that is not used up is answered. */
  readonly errors: readonly Refusal[]
}

export interface Refusal {
  readonly status: number
  /** Infinity: always. */
  readonly times: number
  readonly sentence: string
}

export function opening(steps: readonly Step[]): Opening {
  const args = (wanted: string): string[] => steps.flatMap(({ op, arg }) => (op === wanted ? [arg] : []))
  return {
    delay: args('delay').reduce((sum, arg) => sum + Number(arg), 0),
    headers: Object.fromEntries(args('header').map(headerOf)),
    usage: Object.assign(
      {},
      ...args('usage').map((arg) => JSON.parse(arg) as Partial<Usage>),
    ) as Partial<Usage>,
    stop: args('stop').at(-1),
    errors: args('error').map(refusal),
  }
}

function headerOf(arg: string): [string, string] {
  const colon = arg.indexOf(':')
  return [arg.slice(0, colon).trim().toLowerCase(), arg.slice(colon + 1).trim()]
}

const errorTypes: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  529: 'overloaded_error',
}

export function errorType(status: number): string {
  return errorTypes[status] ?? 'api_error'
}

function refusal(arg: string): Refusal {
  const [, first, file] = /^(\d+) until (\/.+)$/.exec(arg) ?? []
  if (first !== undefined && file !== undefined)
    return { ...refusal(first), times: existsSync(file) ? 0 : Infinity }
  const [, status = '500', times, sentence] = /^(\d+)(?:\s+x(\d+))?(?:\s+(.+))?$/.exec(arg) ?? []
  return {
    status: Number(status),
    times: times === undefined ? Infinity : Number(times),
    sentence: sentence ?? `fake ${errorType(Number(status))}`,
  }
}

/** A block of an answer, whole and in the pieces in which it is streamed. */
export interface ScriptedBlock {
  readonly block: AnswerBlock
  readonly pieces: readonly string[]
  readonly tokens: number
}

/** The block that a step adds to the answer, if it adds one. */
export function scriptedBlock(
  { op, arg }: Step,
  newId: (prefix: string) => string,
): ScriptedBlock | undefined {
  const text = arg.replaceAll(String.raw`\n`, '\n')
  const words = text.match(/\s*\S+\s*/g) ?? [text]
  switch (op) {
    case 'text':
      return { block: { type: 'text', text }, pieces: words, tokens: estimateTokens(text) }
    case 'thinking': {
      const signature = Buffer.from('fake signature').toString('base64')
      return {
        block: { type: 'thinking', thinking: text, signature },
        pieces: words,
        tokens: estimateTokens(text),
      }
    }
    case 'tool': {
      const [, name = '', json = '{}'] = /^(\S+)\s*(.*)$/s.exec(arg) ?? []
      const input = JSON.parse(json || '{}') as ToolUseBlock['input']
      const half = Math.ceil(json.length / 2)
      return {
        block: { type: 'tool_use', id: newId('toolu'), name, input },
        pieces: [json.slice(0, half), json.slice(half)],
        tokens: estimateTokens(json),
      }
    }
    default:
      return undefined
  }
}

export function naturalStop(blocks: readonly AnswerBlock[]): string {
  return blocks.some(({ type }) => type === 'tool_use') ? 'tool_use' : 'end_turn'
}

export function estimateTokens(value: unknown): number {
  return Math.max(1, Math.ceil(JSON.stringify(value ?? '').length / 4))
}
