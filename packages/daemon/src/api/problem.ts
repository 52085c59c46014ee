import { type ErrorCode, OvermindError } from '@overmind/core'
import type { Context } from 'hono'
import { snakeCase } from './views.ts'
import type { Problem } from './types.ts'

const STATUS: Readonly<Record<ErrorCode, 400 | 404 | 408 | 409 | 500 | 503 | 507>> = {
  ambiguous_id: 409,
  not_session: 409,
  no_result: 404,
  not_terminal: 409,
  waits_for_answer: 409,
  not_busy: 409,
  message_too_long: 400,
  message_not_found: 404,
  empty_message: 400,
  ask_not_found: 404,
  agent_too_old: 400,
  agent_not_found: 400,
  cgroup_not_supported: 400,
  child_already_present: 409,
  child_already_started: 409,
  child_not_found: 404,
  child_restarting: 409,
  child_running: 409,
  child_start_failed: 500,
  command_not_executable: 400,
  command_not_found: 400,
  command_too_long: 400,
  cwd_not_a_directory: 400,
  cwd_not_found: 400,
  duplicate_child_id: 400,
  empty_command: 400,
  environment_too_large: 400,
  home_in_use: 409,
  home_not_private: 500,
  home_not_writable: 500,
  home_path_too_long: 500,
  in_use: 409,
  invalid_child_spec: 400,
  invalid_limits: 400,
  hook_not_found: 404,
  invalid_config: 409,
  invalid_request: 400,
  invalid_restart_policy: 400,
  invalid_spec: 400,
  invalid_supervisor: 400,
  max_children: 409,
  name_taken: 409,
  not_a_supervisor: 400,
  not_exited: 409,
  not_found: 404,
  parent_not_found: 404,
  not_running: 409,
  run_not_found: 404,
  runtime_closed: 503,
  significant_not_allowed: 400,
  store_failed: 507,
  supervisor_ended: 503,
  task_ended: 503,
  terminal_unavailable: 503,
  timeout: 408,
  unknown_provider: 400,
}

const TITLE: Readonly<Record<number, string>> = {
  400: 'Bad request',
  404: 'Not found',
  408: 'Timeout',
  409: 'Conflict',
  500: 'Internal error',
  503: 'Unavailable',
  507: 'Insufficient storage',
}

/** What a request that failed is answered with. What is not a fault of ours to explain is logged, not told. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof OvermindError)) {
    return {
      type: 'about:blank',
      title: 'Internal error',
      status: 500,
      code: 'internal',
      detail: 'something went wrong in the daemon; its log says more',
    }
  }
  const status = STATUS[error.code]
  return {
    type: 'about:blank',
    title: TITLE[status] ?? 'Error',
    status,
    code: error.code,
    detail: wireNames(error),
    ...(error.field === undefined ? {} : { field: snakeCase(error.field) }),
  }
}

/** The runtime names a field as programs do; the API as the wire does. */
function wireNames({ message, field }: OvermindError): string {
  return field === undefined || field.startsWith('env.') ? message : message.replace(field, snakeCase(field))
}

export function answerProblem(c: Context, problem: Problem): Response {
  return c.body(JSON.stringify(problem), toStatus(problem.status), {
    'content-type': 'application/problem+json',
  })
}

/** The answer to what is no request in the first place, and does not come as far as the app. */
export function answerUnreadable(error: Error): Response {
  const problem = problemOf(new OvermindError('invalid_request', error.message, { cause: error }))
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json' },
  })
}

function toStatus(status: number): 400 | 404 | 408 | 409 | 500 | 503 | 507 {
  switch (status) {
    case 400:
    case 404:
    case 408:
    case 409:
    case 503:
    case 507:
      return status
    default:
      return 500
  }
}
