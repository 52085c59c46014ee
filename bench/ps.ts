/** What people wait for most often: `overmind ps`, with a thousand missions to show. */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { benchDaemon } from './support/daemon.ts'
import { atMost, type Figure, median } from './support/report.ts'
import { timeOf } from './support/time.ts'

const MISSIONS = 1000
const ROUNDS = 25

export async function ps(): Promise<readonly Figure[]> {
  await using daemon = await benchDaemon()
  const { client, home } = daemon
  const env = { PATH: process.env['PATH'] ?? '' }
  const each = Array.from({ length: MISSIONS }, (_, index) => index)
  while (each.length > 0) {
    const some = each.splice(0, 32)
    await Promise.all(some.map((index) => client.start({ command: `exit ${index % 3}`, cwd: '/', env })))
  }
  const command = join(
    dirname(createRequire(import.meta.url).resolve('@overmind/cli/package.json')),
    'bin/overmind.cjs',
  )
  const ratios: number[] = []
  const [ours, bare]: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round += 1) {
    const node = timeOf(process.execPath, ['-e', '0'], process.env)
    const list = timeOf(process.execPath, [command, 'ps'], { ...process.env, OVERMIND_HOME: home })
    // The first rounds fill the caches of both.
    if (round < 5) continue
    ratios.push(list / node)
    ours.push(list)
    bare.push(node)
  }
  return [
    atMost(
      '`overmind ps` with 1,000 missions ÷ `node -e 0`',
      median(ratios),
      1.5,
      `${median(ours).toFixed(0)} against ${median(bare).toFixed(0)} ms`,
    ),
  ]
}
