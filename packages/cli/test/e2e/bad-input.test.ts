/** Every mistake gets a sentence and a code, and starts nothing. */
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { EventView, MissionList } from '@overmind/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { overmind, type Overmind } from './overmind.ts'

let o: Overmind
/** The state that no mistake may change. */
let before: unknown

async function facts(): Promise<unknown> {
  const { missions } = await o.json<MissionList>('ps', '-a')
  const events = (await o.ok('events', '--json')).trimEnd().split('\n')
  const last = JSON.parse(events.at(-1) ?? '') as EventView
  return { ids: missions.map(({ id }) => id), last: last.seq }
}

beforeAll(async () => {
  o = await overmind()
  await o.start('--name', 'taken', 'sleep 600')
  const over = await o.start('--name', 'over', 'true')
  await o.ok('wait', over)
  before = await facts()
})
afterAll(async () => {
  await o[Symbol.asyncDispose]()
})

describe('the command line', () => {
  test.each<[string[], number, string, RegExp]>([
    // The command line itself is wrong: exit code 2.
    [['frobnicate'], 2, 'unknown_command', /"frobnicate"/],
    [['pss'], 2, 'unknown_command', /did you mean "ps"\?/],
    [['Run', 'true'], 2, 'unknown_command', /did you mean "run"\?/],
    [[''], 2, 'unknown_command', /""/],
    [['--json', 'ps'], 2, 'usage', /--json/],
    [['help', 'nothing'], 2, 'unknown_command', /"nothing"/],
    [['ps', 'extra'], 2, 'usage', /"extra"/],
    [['ps', '--al'], 2, 'usage', /did you mean --all\?/],
    [['ps', '-z'], 2, 'usage', /-z/],
    [['ps', '--all=yes'], 2, 'usage', /all/],
    [['ps', '--filter'], 2, 'usage', /--filter needs a value/],
    [['ps', '--filter', 'running'], 2, 'usage', /key=value.*"running"/],
    [['status', 'now'], 2, 'usage', /"now"/],
    [['start', '--port', '1'], 2, 'usage', /--port/],
    [['shutdown', '--force'], 2, 'usage', /--force/],
    [['info'], 2, 'usage', /<id>… is missing/],
    [['describe'], 2, 'usage', /<id>… is missing/],
    [['wait'], 2, 'usage', /<id>… is missing/],
    [['stop'], 2, 'usage', /<id>… is missing/],
    [['kill'], 2, 'usage', /<id>… is missing/],
    [['rm'], 2, 'usage', /<id>… is missing/],
    [['restart'], 2, 'usage', /<id>… is missing/],
    [['stop', 'taken', '--timeout', 'soon'], 2, 'usage', /--timeout must be .*"soon"/],
    [['stop', 'taken', '--timeout', '-1'], 2, 'usage', /--timeout must be/],
    [['wait', 'taken', '--timeout', '1 s'], 2, 'usage', /--timeout must be/],
    [['logs', 'taken', '--tail', '-1'], 2, 'usage', /--tail must be/],
    [['logs', 'taken', '--tail', '1.5'], 2, 'usage', /--tail must be/],
    [['logs', 'taken', '--since', 'yesterday'], 2, 'usage', /--since must be/],
    [['logs', 'taken', '--since', '10'], 2, 'usage', /--since must be/],
    [['logs', 'taken', '--run', '0'], 2, 'usage', /--run must be/],
    [['events', 'taken', 'over'], 2, 'usage', /"over"/],
    [['events', '--since', '-1'], 2, 'usage', /--since must be/],
    [['prune', '--older-than', 'old'], 2, 'usage', /--older-than must be/],
    [['completion', 'tcsh'], 2, 'usage', /bash, zsh, fish/],
    [['run', '--nmae', 'x', 'true'], 2, 'usage', /did you mean --name\?/],
    [['run', '--attach', '--follow', 'true'], 2, 'usage', /--follow/],
    [['run', '--model', 'm', 'true'], 1, 'invalid_spec', /^Error: Model: a command has none/i],
    [['run', '--name', '', 'true'], 2, 'usage', /--name needs a value/],
    [['run', '--type', 'pod', 'cat'], 2, 'usage', /--type must be one of task, session/],
    [['claude', 'rnu', 'hello'], 2, 'unknown_command', /did you mean "claude run"/],
    [['claude', 'run'], 1, 'empty_command', /there is no prompt/i],
    [['run', '--env', '=v', 'true'], 2, 'usage', /--env must be/],
    [['run', '--env', 'NO_SUCH_VARIABLE', 'true'], 2, 'usage', /--env must be/],
    [['run', '--max-restarts', '-1', 'true'], 2, 'usage', /--max-restarts must be/],
    [['run', '--max-restarts', 'many', 'true'], 2, 'usage', /--max-restarts must be/],
    [['run', '--max-seconds', '0', 'true'], 2, 'usage', /--max-seconds must be more than 0/],
    [['run', '--backoff', 'x', 'true'], 2, 'usage', /--backoff must be/],
    [['run', '--timeout', '2y', 'true'], 2, 'usage', /--timeout must be/],
    [['run', '--timeout', '400d', 'true'], 2, 'usage', /--timeout must be at most a year/],
    [['run', '--stop-signal', 'SIGNAL', 'true'], 2, 'usage', /--stop-signal must be/],
    [['run', '--stop-timeout', 'NaN', 'true'], 2, 'usage', /--stop-timeout must be/],
    [['run', '--follow=yes', 'true'], 2, 'usage', /follow/],
    // What is asked for is wrong: exit code 1.
    [['run'], 1, 'empty_command', /no command/],
    [['run', ''], 1, 'empty_command', /no command/],
    [['run', '  \n'], 1, 'empty_command', /no command/],
    [['run', '--exec', ''], 1, 'empty_command', /no command/],
    [['run', '--parent', 'nobody', 'true'], 1, 'parent_not_found', /nobody/],
    [['run', '--parent', '', 'true'], 2, 'usage', /--parent needs a value/],
    [['run', '--on-parent-exit', 'maybe', 'true'], 2, 'usage', /keep, stop/],
    [['ps', '--children', 'nobody'], 1, 'not_found', /nobody/],
    [['kill', '--all', 'nobody'], 2, 'usage', /--all/],
    [['kill', '--cascade', 'nobody'], 1, 'not_found', /nobody/],
    [['run', '--restart', 'sometimes', 'true'], 1, 'invalid_restart_policy', /never, on-failure, always/],
    [['run', '--name', 'taken', 'true'], 1, 'name_taken', /taken/],
    [['run', '--name', 'two words', 'true'], 1, 'invalid_spec', /name/i],
    [['run', '--name', '-x', 'true'], 2, 'usage', /--?/],
    [['run', '--name', '0123abcd', 'true'], 1, 'invalid_spec', /name/i],
    [['run', '--name', 'x'.repeat(64), 'true'], 1, 'invalid_spec', /name/i],
    [['run', '--cwd', '/no/such/folder', 'true'], 1, 'cwd_not_found', /\/no\/such\/folder/],
    [['run', '--cwd', '/etc/passwd', 'true'], 1, 'cwd_not_a_directory', /\/etc\/passwd/],
    [['run', '--provider', 'nobody', 'true'], 1, 'unknown_provider', /nobody/],
    [['run', '--activity-timeout', '0', 'true'], 1, 'invalid_spec', /activity_timeout_ms/],
    [['run', '--exec', 'no-such-program-anywhere'], 1, 'command_not_found', /no-such-program-anywhere/],
    [['run', '--exec', '/etc/passwd'], 1, 'command_not_executable', /\/etc\/passwd/],
    [['ps', '--filter', 'colour=red'], 1, 'invalid_request', /colour=red/],
    [['info', 'nobody'], 1, 'not_found', /"nobody"/],
    [['info', ''], 1, 'not_found', /name/],
    [['info', '..'], 1, 'not_found', /name/],
    [['info', '../status'], 1, 'not_found', /status/],
    [['info', 'a?b#c%2F\u001b[31m'], 1, 'not_found', /a\?b#c%2F/],
    [['describe', 'nobody'], 1, 'not_found', /"nobody"/],
    [['logs', 'nobody'], 1, 'not_found', /"nobody"/],
    [['logs', 'taken', '--run', '2'], 1, 'run_not_found', /2/],
    [['events', 'nobody'], 1, 'not_found', /"nobody"/],
    [['wait', 'nobody'], 1, 'not_found', /"nobody"/],
    [['wait', 'taken', '--timeout', '1'], 1, 'timeout', /timeout/],
    [['stop', 'nobody'], 1, 'not_found', /"nobody"/],
    [['stop', 'over'], 1, 'not_running', /over/],
    [['kill', 'over'], 1, 'not_running', /over/],
    [['rm', 'taken'], 1, 'not_exited', /taken/],
    [['rm', 'nobody'], 1, 'not_found', /"nobody"/],
    [['restart', 'nobody'], 1, 'not_found', /"nobody"/],
    [['hooks', 'tset'], 2, 'unknown_command', /did you mean "hooks test"/],
    [['hooks', 'test'], 2, 'usage', /<name> is missing/],
    [['hooks', 'test', 'nobody'], 1, 'hook_not_found', /"nobody"/],
    [['hooks', 'retry', 'nobody'], 1, 'hook_not_found', /"nobody"/],
  ])('overmind %j', async (args, code, errorCode, sentence) => {
    const ended = await o(...args)
    expect(ended.stderr).toMatch(/^Error: .+ \([a-z_]+\)\n$/)
    expect(ended.stderr).toMatch(sentence)
    expect(ended).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(`(${errorCode})\n`) })
    expect(ended.stderr).not.toContain('\u001b')
  })
})

interface Answer {
  readonly status: number | undefined
  readonly type: string | undefined
  readonly body: string
}

function ask(method: string, path: string, body?: string, type = 'application/json'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': type }
    const call = request({ socketPath: `${o.home}/overmind.sock`, method, path, headers }, (response) => {
      const { statusCode, headers } = response
      void text(response).then((body) => resolve({ status: statusCode, type: headers['content-type'], body }))
    })
    call.once('error', reject).end(body)
  })
}

describe('the API', () => {
  const missions = '/v1/missions'
  test.each<[string, string, string | undefined, number, string]>([
    ['GET', '/', undefined, 404, 'not_found'],
    ['GET', '/v2/status', undefined, 404, 'not_found'],
    ['PUT', missions, '{}', 404, 'not_found'],
    ['POST', missions, undefined, 400, 'invalid_request'],
    ['POST', missions, '', 400, 'invalid_request'],
    ['POST', missions, '{', 400, 'invalid_request'],
    ['POST', missions, 'null', 400, 'invalid_request'],
    ['POST', missions, '[]', 400, 'invalid_request'],
    ['POST', missions, '"true"', 400, 'invalid_request'],
    ['POST', missions, '{}', 400, 'empty_command'],
    ['POST', missions, '{"command":""}', 400, 'empty_command'],
    ['POST', missions, '{"command":[]}', 400, 'empty_command'],
    ['POST', missions, '{"command":[""]}', 400, 'empty_command'],
    ['POST', missions, '{"command":5}', 400, 'invalid_spec'],
    ['POST', missions, '{"command":["sh",5]}', 400, 'invalid_spec'],
    ['POST', missions, String.raw`{"command":"a\u0000b"}`, 400, 'invalid_spec'],
    ['POST', missions, JSON.stringify({ command: 'x'.repeat(200_000) }), 400, 'command_too_long'],
    ['POST', missions, '{"command":"true","cwd":"relative"}', 400, 'invalid_spec'],
    ['POST', missions, '{"command":"true","cwd":"/no/such"}', 400, 'cwd_not_found'],
    ['POST', missions, '{"command":"true","colour":"red"}', 400, 'invalid_spec'],
    ['POST', missions, '{"command":"true","restart":"sometimes"}', 400, 'invalid_restart_policy'],
    ['POST', missions, '{"command":"true","max_restarts":-1}', 400, 'invalid_spec'],
    ['POST', missions, '{"command":"true","max_restarts":1.5}', 400, 'invalid_spec'],
    ['POST', missions, '{"command":"true","max_seconds":0}', 400, 'invalid_spec'],
    ['POST', missions, '{"command":"true","backoff_ms":"1"}', 400, 'invalid_spec'],
    ['POST', missions, '{"command":"true","timeout_ms":0}', 400, 'invalid_spec'],
    ['POST', missions, '{"command":"true","timeout_ms":1e300}', 400, 'invalid_spec'],
    ['POST', missions, '{"command":"true","stop_signal":"SIGNAL"}', 400, 'invalid_spec'],
    ['POST', missions, '{"command":"true","success_codes":[256]}', 400, 'invalid_spec'],
    ['POST', missions, '{"command":"true","output_limit_bytes":1}', 400, 'invalid_spec'],
    ['POST', missions, '{"command":"true","type":"pod"}', 400, 'invalid_spec'],
    ['POST', missions, '{"command":"true","provider":"nobody"}', 400, 'unknown_provider'],
    ['POST', missions, '{"command":"true","env":[]}', 400, 'invalid_spec'],
    ['POST', missions, '{"command":"true","env":{"A":1}}', 400, 'invalid_spec'],
    ['POST', missions, '{"command":"true","env":{"A=B":"x"}}', 400, 'invalid_spec'],
    [
      'POST',
      missions,
      JSON.stringify({ command: 'true', env: { A: 'x'.repeat(200_000) } }),
      400,
      'environment_too_large',
    ],
    ['POST', missions, '{"command":"true","name":"taken"}', 409, 'name_taken'],
    ['POST', missions, '{"command":"true","name":"../x"}', 400, 'invalid_spec'],
    ['GET', `${missions}?filter=x`, undefined, 400, 'invalid_request'],
    ['GET', `${missions}?fields=secret`, undefined, 400, 'invalid_request'],
    ['GET', `${missions}?all=maybe`, undefined, 400, 'invalid_request'],
    ['GET', `${missions}/watch?since=x`, undefined, 400, 'invalid_request'],
    ['GET', `${missions}/nobody`, undefined, 404, 'not_found'],
    ['GET', `${missions}/%00`, undefined, 404, 'not_found'],
    ['GET', `${missions}/taken/logs?tail=-1`, undefined, 400, 'invalid_request'],
    ['GET', `${missions}/taken/logs?since=yesterday`, undefined, 400, 'invalid_request'],
    ['GET', `${missions}/taken/output?from=-1`, undefined, 400, 'invalid_request'],
    ['GET', `${missions}/taken/output?run=9`, undefined, 404, 'run_not_found'],
    ['GET', `${missions}/taken/wait?timeout_ms=x`, undefined, 400, 'invalid_request'],
    ['POST', `${missions}/taken/stop`, '{"timeout_ms":"x"}', 400, 'invalid_request'],
    ['POST', `${missions}/taken/stop`, '{"timeout_ms":-1}', 400, 'invalid_request'],
    ['POST', `${missions}/over/stop`, '{}', 409, 'not_running'],
    ['POST', `${missions}/nobody/kill`, undefined, 404, 'not_found'],
    ['DELETE', `${missions}/taken`, undefined, 409, 'not_exited'],
    ['DELETE', `${missions}/nobody`, undefined, 404, 'not_found'],
    ['POST', '/v1/prune', '{"older_than_ms":-1}', 400, 'invalid_request'],
    ['POST', '/v1/shutdown', '{"keep":"yes"}', 400, 'invalid_request'],
    ['GET', '/v1/hooks/dead?hook=nobody', undefined, 404, 'hook_not_found'],
    ['POST', '/v1/hooks/retry', '{"hook":5}', 400, 'invalid_request'],
    ['POST', '/v1/hooks/drop', '{"hok":"a"}', 400, 'invalid_request'],
    ['POST', '/v1/hooks/nobody/test', undefined, 404, 'hook_not_found'],
    ['GET', '/v1/events?since=x', undefined, 400, 'invalid_request'],
    ['GET', '/v1/events?mission=nobody', undefined, 404, 'not_found'],
  ])('%s %s %s', async (method, path, body, status, code) => {
    const answer = await ask(method, path, body)
    expect(answer).toMatchObject({ status, type: expect.stringContaining('application/problem+json') })
    const problem: unknown = JSON.parse(answer.body)
    expect(problem).toEqual(
      expect.objectContaining({ type: 'about:blank', status, code, detail: expect.stringMatching(/\w/) }),
    )
  })
})

test('none of these has started or changed anything', async () => {
  expect(await facts()).toEqual(before)
})
