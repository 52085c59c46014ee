import { readdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { Mission } from '@overmind/core'
import { expect, test } from 'vitest'
import { heapUsed } from '../../../core/test/support/heap.ts'
import { endGroup, processesWith } from '../../../core/test/support/processes.ts'
import { standIn } from '../support/stand-in-program.ts'
import { openStage } from '../support/stage.ts'

const SESSIONS = 20
const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 10)
const WARM_UP_MS = 30_000

/** What may happen to a session; most of it goes well. */
const messages = [
  'hello',
  '::text one\n::wait 50\n::text two',
  '::tool Bash {"command":"echo a tool"}\n::next\n::text done',
  '::slow 5\n::text some words that take their time',
  '::error 529 x1\n::text after one error',
  '::error 500 x1\n::tool Bash {"command":"false"}\n::next\n::text done',
]

test(
  `${SESSIONS} sessions with mixed failures leave nothing behind`,
  async () => {
    await using stage = await openStage(standIn)
    const until = performance.now() + MINUTES * 60_000
    let seed = 1
    const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647
    const sent = new Map<Mission, string[]>()

    async function live(session: Mission): Promise<void> {
      const own: string[] = []
      sent.set(session, own)
      while (performance.now() < until) {
        own.push(session.send(messages[Math.floor(random() * messages.length)] ?? 'hello'))
        await pause(random() * 200)
        // Between two runs there is none.
        const { process } = session.view().state
        if (random() < 0.03 && process !== null) endGroup(process.pid)
        // No faster than it answers.
        while ((session.view().state.conversation?.messages.length ?? 0) > 3) await pause(50)
      }
    }

    const sessions = await Promise.all(
      Array.from({ length: SESSIONS }, () =>
        stage.session({
          restart: 'always',
          maxRestarts: 0,
          backoffMs: 1,
          options: { allowedTools: ['Bash'] },
        }),
      ),
    )
    const lives = sessions.map(live)
    await pause(WARM_UP_MS)
    const before = { heap: await heapUsed(), files: readdirSync('/proc/self/fd').length }
    await Promise.all(lives)

    for (const session of sessions) {
      while ((session.view().state.conversation?.messages.length ?? 0) > 0) await pause(50)
      const answered = session.history({ types: ['message.answered'], limit: 1_000_000 })
      const closed = answered.flatMap((event) => (event.type === 'message.answered' ? [event.message] : []))
      expect(closed.toSorted()).toEqual(sent.get(session)?.toSorted())
    }
    const after = { heap: await heapUsed(), files: readdirSync('/proc/self/fd').length }
    expect(after.files).toBeLessThan(before.files + SESSIONS)
    // The journal in memory holds 100,000 events.
    expect(after.heap).toBeLessThan(before.heap + 150e6)
    await Promise.all(sessions.map((session) => session.kill()))
    expect(processesWith(`OVERMIND_HOME=${stage.runtime().home}`)).toEqual([])
    expect(stage.faults).toEqual([])
  },
  (MINUTES + 5) * 60_000,
)
