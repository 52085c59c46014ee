import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { eventually } from '../../../core/test/support/eventually.ts'
import { type FakeAnthropic, startFakeAnthropic } from '../support/fake-anthropic.ts'
import { type Message, parseScript, planReply } from '../support/script.ts'

const program = new URL('../support/fake-anthropic.ts', import.meta.url).pathname

function said(...texts: readonly string[]): readonly Message[] {
  return texts.map((content, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content }))
}

async function post(
  fake: Pick<FakeAnthropic, 'url'>,
  messages: readonly Message[],
  { key = 'k', stream = false, signal = new AbortController().signal } = {},
): Promise<Response> {
  return fetch(`${fake.url}/v1/messages?beta=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key },
    body: JSON.stringify({ model: 'm', stream, messages }),
    signal,
  })
}

test('a script is one list of steps for each model call', () => {
  expect(parseScript('plain')).toBeUndefined()
  expect(parseScript('do it\n::text a\n::next\n::tool Bash {"command":"ls"}')).toEqual([
    [{ op: 'text', arg: 'a' }],
    [{ op: 'tool', arg: 'Bash {"command":"ls"}' }],
  ])
})

test('a plain prompt is answered with how many came before it', () => {
  expect(planReply(said('one', 'x', 'two'))).toEqual([{ op: 'text', arg: 'reply 2: two' }])
})

test('a script goes on where it was, whatever the client says by itself', () => {
  const script = '::text a\n::next\n::text b'
  expect(planReply(said(script, 'a', 'Your response above was cut off mid-stream.'))).toEqual([
    { op: 'text', arg: 'b' },
  ])
  expect(planReply(said(script, 'a', 'Continue from where you left off.'))).toEqual([
    { op: 'text', arg: 'b' },
  ])
  expect(planReply(said(script, 'a', 'plain'))).toEqual([{ op: 'text', arg: 'reply 2: plain' }])
})

test('an answer is whole as JSON, and in events as a stream', async () => {
  await using fake = await startFakeAnthropic()
  const whole = await post(fake, said('::text hi\n::usage {"input_tokens":7,"output_tokens":3}'))
  expect(await whole.json()).toMatchObject({
    content: [{ type: 'text', text: 'hi' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 7, output_tokens: 3 },
  })

  const streamed = await post(fake, said('::text hi there\n::tool Bash {"command":"ls"}'), { stream: true })
  const body = await streamed.text()
  const types = [...body.matchAll(/^event: (.*)$/gm)].map(([, type]) => type)
  const block = ['content_block_start', 'content_block_delta', 'content_block_delta', 'content_block_stop']
  expect(types).toEqual(['message_start', ...block, ...block, 'message_delta', 'message_stop'])
  expect(body).toContain('"stop_reason":"tool_use"')
  expect(fake.requests.map(({ outcome }) => outcome)).toEqual(['complete', 'complete'])
})

test('refusals come as often as they are scripted, with their sentence and headers', async () => {
  await using fake = await startFakeAnthropic({ apiKey: 'k' })
  const script = said('::header retry-after: 9\n::error 429 x2 slow down\n::text ok')
  const first = await post(fake, script)
  expect([first.status, first.headers.get('retry-after')]).toEqual([429, '9'])
  expect(await first.json()).toEqual({
    type: 'error',
    error: { type: 'rate_limit_error', message: 'slow down' },
  })
  expect([(await post(fake, script)).status, (await post(fake, script)).status]).toEqual([429, 200])
  expect((await post(fake, said('hi'), { key: 'another' })).status).toBe(401)
})

test('a stream can be cut, and a client that leaves is noticed', async () => {
  await using fake = await startFakeAnthropic()
  const cut = await post(fake, said('::text part\n::disconnect'), { stream: true })
  await expect(cut.text()).rejects.toThrow('terminated')

  const leaving = new AbortController()
  const hung = await post(fake, said('::text part\n::slow 20\n::text a b c d e f g h i j k l\n::hang'), {
    stream: true,
    signal: leaving.signal,
  })
  leaving.abort()
  await expect(hung.text()).rejects.toThrow('aborted')
  await eventually(() => fake.requests.at(-1)?.outcome === 'client aborted')
})

test('as a program it prints its URL and ends when it is told to', async () => {
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = new Promise((resolve) => child.once('exit', (code) => resolve(code)))
  for await (const url of createInterface({ input: child.stdout })) {
    const answer = await post({ url }, said('hello'))
    expect(await answer.json()).toMatchObject({ content: [{ text: 'reply 1: hello' }] })
    child.kill('SIGTERM')
  }
  expect(await exited).toBe(0)
})
