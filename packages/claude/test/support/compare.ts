/**
 * The stand-in is only worth something while it behaves as the real CLI does: the same programs of messages go
 * through both, and what Overmind relies on must come out the same, in the same order.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import { soon } from '../../../core/test/support/eventually.ts'
import { type CliEvent, type CliRun, control, type Lab, openLab } from './cli.ts'
import { essence } from './essence.ts'
import { startFakeAnthropic } from './fake-anthropic.ts'
import { realClaude } from './real-claude.ts'
import { standIn } from './stand-in-program.ts'

/** Plays the same with both at once; what each returns is compared. */
export async function expectSame(play: (lab: Lab) => Promise<unknown>): Promise<void> {
  const [theirs, ours] = await Promise.all(
    [realClaude(), standIn].map(async (program) => {
      await using api = await startFakeAnthropic()
      await using lab = openLab({ program, apiUrl: api.url })
      return await soon(play(lab), `${program.path} to finish`, 60_000)
    }),
  )
  // Neither was cut short by its own test.
  expect(JSON.stringify(theirs)).not.toContain('SIGKILL')
  expect(ours).toEqual(theirs)
}

export const is =
  (type: string, subtype?: string) =>
  (event: CliEvent): boolean =>
    event.type === type && (subtype === undefined || [event.subtype, event.state].includes(subtype))

export const result = is('result')
export const idle = is('system', 'idle')
export const asked = is('control_request')
export const saidSomething = is('assistant')

/** Ends a session that rests. */
export async function finish(cli: CliRun, names: Readonly<Record<string, string>> = {}): Promise<unknown> {
  cli.send(control('end_session', {}, 'end'))
  return essence(cli.events, await cli.exited, { names })
}

/** A message is sent and the session rests again; the number of the first event after it. */
export async function turn(cli: CliRun, line: object): Promise<number> {
  const from = cli.events.length
  cli.send(line)
  await cli.until(idle, from)
  return cli.events.length
}

/** Its first block is told, the second is under way for two seconds. */
export const slow = `::text first\n::slow 50\n::text ${'word '.repeat(40)}`

/** Until it is in the middle of the second block; how much of it is told does not matter. */
export async function midText(cli: CliRun, from = 0): Promise<void> {
  await cli.until(saidSomething, from)
  await pause(500)
}
