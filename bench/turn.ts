/** What a session costs on top of its agent: from saying something to the first that the agent says to it. */
import { openLab, message, session } from '../packages/claude/test/support/cli.ts'
import { standIn } from '../packages/claude/test/support/stand-in-program.ts'
import { benchDaemon } from './support/daemon.ts'
import { atMost, type Figure, median } from './support/report.ts'

const TURNS = 60

/** The stand-in for Claude Code, told the same directly and by Overmind in turn, so that both meet the same machine. */
export async function turn(): Promise<readonly Figure[]> {
  await using daemon = await benchDaemon()
  await using lab = openLab({ program: standIn, apiUrl: 'http://127.0.0.1:9' })
  const { client } = daemon
  const cli = lab.start([...session])
  const env = { ...lab.env, ...standIn.env, OVERMIND_CLAUDE: standIn.path }
  const { id } = await client.start({ provider: 'claude', type: 'session', cwd: lab.cwd, env })
  const said = client.subscribe(id, { all: true })[Symbol.asyncIterator]()

  const direct: number[] = []
  const through: number[] = []
  const idle = (event: Readonly<Record<string, unknown>>): boolean =>
    event['type'] === 'system' && event['state'] === 'idle'

  for (let count = 0; count < TURNS; count += 1) {
    const from = cli.events.length
    const began = performance.now()
    cli.send(message('hello'))
    await cli.until(() => true, from)
    direct.push(performance.now() - began)
    await cli.until((event) => event.state === 'idle', from)

    // What is told is what comes behind everything that has been said before.
    const { message: sent } = await (async () => {
      const told = performance.now()
      const answer = await client.send(id, 'hello')
      for (;;) {
        const { value } = await said.next()
        if (JSON.stringify(value).includes(answer.message)) {
          through.push(performance.now() - told)
          return answer
        }
      }
    })()
    await client.answer(id, sent)
    for (;;) {
      const { value } = await said.next()
      if (value !== undefined && idle(value)) break
    }
  }
  await said.return?.()
  return [
    atMost(
      "a session's turn, from `send` to the first event, over driving the agent directly",
      median(through) - median(direct),
      5,
      `${TURNS} turns each: ${median(direct).toFixed(1)} ms directly, ${median(through).toFixed(1)} ms through the daemon`,
      'ms',
    ),
  ]
}
