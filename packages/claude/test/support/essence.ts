/** What Overmind relies on in a CLI's output, without what differs from run to run. */
import type { CliEvent, Content, Exit } from './cli.ts'

export interface EssenceOptions {
  /** Names for the ids of messages that the test sent. */
  readonly names?: Readonly<Record<string, string>>
}

/** The events that matter, reduced to the fields that matter, and how it ended. */
export function essence(
  events: readonly CliEvent[],
  exit: Exit | undefined,
  { names = {} }: EssenceOptions = {},
): readonly object[] {
  const named = (uuid: unknown): string => (typeof uuid === 'string' && names[uuid]) || '(its own)'
  const reduced = events.flatMap((event) => reduce(event, named) ?? [])
  return exit ? [...reduced, ending(exit)] : reduced
}

function ending({ code, signal, stderr }: Exit): object {
  const complaint = stderr.split('\n').find((line) => /^(error|No conversation)/i.test(line)) ?? ''
  return { exit: code ?? signal, complaint: withoutIds(complaint) }
}

function reduce(event: CliEvent, named: (uuid: unknown) => string): object | undefined {
  const { type, subtype, message } = event
  const credit = event.user_message_uuids && { answers: event.user_message_uuids.map(named) }
  switch (type) {
    case 'system':
      return system(event)
    case 'command_lifecycle':
      return { type, state: event.state, message: named(event.command_uuid) }
    case 'assistant':
      return {
        type,
        by: message?.model === '<synthetic>' ? 'the CLI' : 'the model',
        // How much of it was said is a matter of time.
        said: event.aborted ? '(some of it)' : message?.content.map(block),
        ...pick(event, [
          'error',
          'api_error_status',
          'api_error_type',
          'api_error',
          'aborted',
          'resume_reason',
        ]),
        ...credit,
      }
    case 'user':
      return {
        type,
        said: message?.content.map(block),
        ...pick(event, ['isReplay', 'isSynthetic']),
        ...(event.isReplay ? { message: named(event.uuid) } : {}),
      }
    case 'result':
      return {
        type,
        subtype,
        ...pick(event, ['is_error', 'terminal_reason', 'api_error_status', 'api_error_type', 'api_error']),
        ...pick(event, ['num_turns', 'result_index', 'resume_reason']),
        result: event.result === undefined ? undefined : sentence(event.result),
        errors: event.errors?.filter((each) => !each.includes('ede_diagnostic')).map(withoutIds),
        denied: event.permission_denials?.map((denial) => [denial.tool_name, denial.tool_input]),
        ...credit,
      }
    case 'control_request':
      return { type, ...pick(event.request, ['subtype', 'tool_name', 'input']) }
    case 'control_response':
      return { type, ...pick(event.response, ['subtype', 'request_id', 'error', 'error_code']) }
    case 'control_cancel_request':
      return { type }
    case 'rate_limit_event':
      return { type, ...pick(event.rate_limit_info, ['status', 'resetsAt', 'rateLimitType', 'utilization']) }
    default:
      return undefined
  }
}

function system(event: CliEvent): object | undefined {
  const { type, subtype } = event
  switch (subtype) {
    case 'init':
      return { type, subtype, ...pick(event, ['model', 'permissionMode']) }
    case 'api_retry':
      return { type, subtype, ...pick(event, ['attempt', 'max_retries', 'error_status', 'error']) }
    case 'session_state_changed':
      return { type, subtype, ...pick(event, ['state']) }
    case 'permission_denied':
      return { type, subtype, ...pick(event, ['tool_name']) }
    default:
      return undefined
  }
}

function block(content: Content): unknown {
  switch (content.type) {
    case 'text':
      return sentence(content.text ?? '')
    case 'thinking':
      return { thinking: content.thinking }
    case 'tool_use':
      return pick(content, ['name', 'input'])
    case 'tool_result':
      return { result: sentence(content.content ?? ''), is_error: content.is_error === true }
    default:
      return content.type
  }
}

/** Sentences that name a place, or that the CLI words anew with every release. */
function sentence(text: string): string {
  return text
    .replace(/If it persists, check .*/, 'If it persists, (ask somebody)')
    .replace(/.*needs approval\.?.*/s, '(needs approval)')
    .replace(/^(File created successfully).*/, '$1')
    .replace(/^(Prompt is too long).*/, '$1')
    .replace(/^(The user doesn't want to proceed with this tool use\.).*/s, '$1')
}

function withoutIds(text: string): string {
  return text.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '(id)')
}

function pick<T extends object>(fields: T | undefined, names: readonly (keyof T)[]): object {
  return Object.fromEntries(
    names.flatMap((name) => (fields?.[name] === undefined ? [] : [[name, fields[name]]])),
  )
}

/** Tokens and dollars of results, where the script says what they are. */
export function money(events: readonly CliEvent[]): readonly object[] {
  return events
    .filter(({ type }) => type === 'result')
    .map(({ total_cost_usd = 0, usage, model_usage_since_last_result = {} }) => ({
      total: rounded(total_cost_usd),
      usage: pick(usage, [
        'input_tokens',
        'cache_creation_input_tokens',
        'cache_read_input_tokens',
        'output_tokens',
      ]),
      turn: Object.entries(model_usage_since_last_result).map(([model, each]) => ({
        model,
        ...pick(each, ['inputTokens', 'outputTokens', 'cacheReadInputTokens', 'cacheCreationInputTokens']),
        dollars: rounded(each.costUSD),
      })),
    }))
}

function rounded(dollars: number): number {
  return Math.round(dollars * 1e9) / 1e9
}
