import { randomUUID } from 'node:crypto'
import { test } from 'vitest'
import { type Lab, message, session, task } from '../../support/cli.ts'
import { expectSame, finish, turn } from '../../support/compare.ts'
import { essence, money } from '../../support/essence.ts'

/** A task that nobody talks to. */
function run(prompt: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  return async (lab: Lab): Promise<unknown> => {
    const cli = lab.start([...task, ...args, '--', prompt], env)
    cli.closeInput()
    return essence(cli.events, await cli.exited)
  }
}

test.each([
  ['text', '::text hello there'],
  ['thinking', '::thinking let me see\n::text so it is'],
  ['no script', 'hello'],
  ['several blocks', '::text one\n::text two'],
  ['a tool that only reads', '::text look\n::tool Bash {"command":"echo hi"}\n::next\n::text done'],
  ['a tool that nobody allows', '::tool Bash {"command":"touch a"}\n::next\n::text done'],
  ['a tool that there is not', '::tool Frob {}\n::next\n::text done'],
  ['an answer that is too long', '::stop max_tokens\n::text cut\n::next\n::text rest'],
  ['an answer cut off', '::text part\n::disconnect\n::next\n::text rest'],
  ['an error in the stream', '::text part\n::sse-error overloaded_error\n::next\n::text rest'],
  ['nothing but disconnects', '::disconnect'],
  ['400', '::error 400'],
  ['400 with a sentence', '::error 400 prompt is too long: 300000 tokens > 200000 maximum'],
  ['400 for want of credit', '::error 400 Your credit balance is too low to access the Anthropic API.'],
  ['401', '::error 401'],
  ['403', '::error 403'],
  ['404', '::error 404'],
  ['413', '::error 413'],
  ['429', '::error 429'],
  ['429 once', '::error 429 x1\n::text done'],
  ['429 for an hour', '::header retry-after: 3600\n::error 429'],
  ['500', '::error 500'],
  ['529', '::error 529'],
  ['529 once', '::error 529 x1\n::text done'],
  ['no retry wanted', '::header x-should-retry: false\n::error 529'],
])('a task: %s', async (_, prompt) => {
  await expectSame(run(prompt))
})

test('a task whose tools are allowed, and fail', async () => {
  const failing = '::tool Bash {"command":"echo out; echo err >&2; exit 3"}\n::next\n::text done'
  await expectSame(run(failing, ['--allowedTools', 'Bash']))
})

test('a task that may take one turn', async () => {
  await expectSame(run('::tool Bash {"command":"echo hi"}\n::next\n::text done', ['--max-turns', '1']))
})

test('a task whose money is spent', async () => {
  const dear =
    '::usage {"input_tokens":1000,"output_tokens":10}\n::tool Bash {"command":"echo hi"}\n::next\n::text done'
  await expectSame(run(dear, ['--max-budget-usd', '0.001']))
})

test('tokens and dollars of each result and of the conversation, also after a resume', async () => {
  const script = [
    '::usage {"input_tokens":1000,"cache_creation_input_tokens":200,"cache_read_input_tokens":3000,"output_tokens":10}',
    '::tool Bash {"command":"echo hi"}',
    '::next',
    '::usage {"input_tokens":1000,"output_tokens":10}',
    '::text done',
  ].join('\n')
  await expectSame(async (lab) => {
    const id = randomUUID()
    const first = lab.start([...session, '--session-id', id])
    await turn(first, message(script))
    await turn(first, message(script))
    await finish(first)
    const second = lab.start([...session, '--resume', id])
    await turn(second, message(script))
    await finish(second)
    return [money(first.events), money(second.events)]
  })
})

const subscriber = { ANTHROPIC_API_KEY: '', CLAUDE_CODE_OAUTH_TOKEN: 'fake-token' }
const limit = [
  '::header anthropic-ratelimit-unified-reset: 1795999999',
  '::header anthropic-ratelimit-unified-representative-claim: five_hour',
  '::header anthropic-ratelimit-unified-5h-reset: 1795999999',
].join('\n')

test('a usage limit is hit', async () => {
  await expectSame(
    run(`${limit}\n::header anthropic-ratelimit-unified-status: rejected\n::error 429`, [], subscriber),
  )
})

test('a usage limit is near', async () => {
  const near = '::header anthropic-ratelimit-unified-status: allowed_warning'
  const used = '::header anthropic-ratelimit-unified-5h-utilization: 0.93'
  await expectSame(run(`${limit}\n${near}\n${used}\n::text fine`, [], subscriber))
})

test('nobody is logged in', async () => {
  await expectSame(run('hello', [], { ANTHROPIC_API_KEY: '' }))
})

test.each([
  ['an unknown option', ['--frobnicate']],
  ['no value', ['--session-id']],
  ['an id that is none', ['--session-id', 'abc', 'hello']],
  ['an id beside a resume', ['--session-id', randomUUID(), '--resume', randomUUID(), 'hello']],
  ['a number that is none', ['--max-turns', 'many', 'hello']],
  ['a mode that there is not', ['--permission-mode', 'nonsense', 'hello']],
  ['an unknown conversation', ['--resume', randomUUID(), 'hello']],
  ['no prompt', []],
])('a command line: %s', async (_, args) => {
  await expectSame(async (lab) => {
    const cli = lab.start([...task, ...args])
    cli.closeInput()
    return essence(cli.events, await cli.exited)
  })
})

test('stream-json without --verbose', async () => {
  await expectSame(async (lab) => {
    const cli = lab.start(['-p', '--output-format', 'stream-json', 'hello'])
    cli.closeInput()
    return essence(cli.events, await cli.exited)
  })
})

test('an id that is in use', async () => {
  await expectSame(async (lab) => {
    const id = randomUUID()
    const first = lab.start([...session, '--session-id', id])
    await turn(first, message('hello'))
    await finish(first)
    const second = lab.start([...session, '--session-id', id])
    return essence(second.events, await second.exited)
  })
})
