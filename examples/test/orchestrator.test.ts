/** The loop of the orchestrator as a user runs it, with an agent that says what the goal scripts. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createClient } from '@overmind/client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { overmind, type Overmind } from '../../packages/cli/test/e2e/overmind.ts'
import { type Lab, openLab } from '../../packages/claude/test/support/cli.ts'
import { standIn } from '../../packages/claude/test/support/stand-in-program.ts'

const root = new URL('../..', import.meta.url).pathname

let o: Overmind
let lab: Lab

beforeEach(async () => {
  o = await overmind()
  lab = openLab({ program: standIn, apiUrl: 'http://127.0.0.1:9' })
  await o.ok('start')
})
afterEach(async () => {
  await o[Symbol.asyncDispose]()
  await lab[Symbol.asyncDispose]()
})

interface Piece {
  readonly name: string
  readonly prompt: string
  readonly check: string
}

/** An agent whose answer is the plan. In scripts `\n` is a line break, which JSON does not have in a text. */
function goalOf(plan: readonly Piece[]): string {
  return `::text Here it is: ${JSON.stringify(plan).replaceAll(String.raw`\n`, String.raw`\u000a`)}`
}

const writes = (file: string, content: string): string =>
  `::tool Write ${JSON.stringify({ file_path: join(o.folder, file), content })}\n::next\n::text done`

async function run(
  goal: string,
  onLine: (line: string) => Promise<void> = async () => {},
): Promise<{ lines: string[]; code: unknown }> {
  const child = spawn(process.execPath, [join(root, 'examples/orchestrator/main.ts'), goal], {
    cwd: o.folder,
    env: {
      ...lab.env,
      ...standIn.env,
      NODE_OPTIONS: '',
      OVERMIND_HOME: o.home,
      OVERMIND_CLAUDE: standIn.path,
      OVERMIND_CLI: join(root, 'packages/cli/bin/overmind.cjs'),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    await onLine(line)
  }
  const [code] = await exited
  return { lines, code }
}

test('splits a goal, checks what its agents did, and has done again what was not good', async () => {
  const goal = goalOf([
    { name: 'hello', prompt: writes('hello.txt', 'hello'), check: 'grep hello hello.txt' },
    {
      name: 'bye',
      prompt: writes('bye.txt', 'bye'),
      check: 'echo tried >> tries; grep bye bye.txt && test $(wc -l < tries) -eq 2',
    },
    { name: 'never', prompt: '::text I have done it, believe me', check: 'test -e never.txt' },
  ])
  const { lines, code } = await run(goal)
  expect(lines[0]).toBe('plan: hello, bye, never')
  expect(lines.at(-1)).toBe('2 of 3 pieces are good')
  expect(lines.toSorted()).toEqual(
    [
      '2 of 3 pieces are good',
      'bye is good',
      ...['bye', 'never'].flatMap((name) =>
        [1, 2].flatMap((n) => [`check: ${name}, attempt ${n}`, `work: ${name}, attempt ${n}`]),
      ),
      'check: hello, attempt 1',
      'hello is good',
      'never is not good, and given up',
      'plan: hello, bye, never',
      'work: hello, attempt 1',
    ].toSorted(),
  )
  expect(code).toBe(2)
})

test('a lead that is killed goes on with the agents that it has', async () => {
  const slow = `::delay 1500\n${writes('slow.txt', 'slow')}`
  const client = createClient({ home: o.home })
  let killed = false
  const { lines, code } = await run(
    goalOf([{ name: 'slow', prompt: slow, check: 'grep slow slow.txt' }]),
    async (line) => {
      if (killed || !line.startsWith('work:')) return
      killed = true
      const { os_pid } = await client.get('lead')
      if (os_pid !== null) process.kill(-os_pid, 'SIGKILL')
    },
  )
  expect(lines.slice(-3)).toEqual(['check: slow, attempt 1', 'slow is good', '1 of 1 pieces are good'])
  expect(lines.filter((line) => line === 'work: slow, attempt 1')).toHaveLength(2)
  expect(code).toBe(0)
  expect(await client.get('lead')).toMatchObject({ run: 2 })
  const { missions } = await client.list({ all: true })
  expect(missions.map(({ name, run }) => [name, run])).toEqual([
    ['lead', 2],
    ['plan', 1],
    ['slow-work-1', 1],
    ['slow-check-1', 1],
  ])
})
