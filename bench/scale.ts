/** A thousand missions that live: memory, rest, and how soon another daemon has taken them over. */
import { setTimeout as sleep } from 'node:timers/promises'
import { benchDaemon } from './support/daemon.ts'
import { childrenOf, cpuOf, privateOf, residentOf } from './support/proc.ts'
import { atMost, type Figure, median } from './support/report.ts'

const MISSIONS = 1000
const QUIET_MS = 20_000

export async function scale(): Promise<readonly Figure[]> {
  await using daemon = await benchDaemon()
  const { client } = daemon
  const env = { PATH: process.env['PATH'] ?? '' }
  const keepers: number[] = []
  for (let started = 0; started < MISSIONS; started += 20) {
    const some = Array.from({ length: 20 }, () => client.start({ command: 'sleep 100000', cwd: '/', env }))
    for (const { os_pid: pid } of await Promise.all(some)) if (pid !== null) keepers.push(pid)
  }
  await sleep(3000)
  const resident = residentOf(daemon.pid) / 2 ** 20
  const keeper = median(keepers.slice(0, 50).map(privateOf)) / 2 ** 20
  const others = childrenOf(daemon.pid).length

  const began = cpuOf(daemon.pid)
  await sleep(QUIET_MS)
  const busy = ((cpuOf(daemon.pid) - began) / QUIET_MS) * 100

  process.kill(daemon.pid, 'SIGKILL')
  const answered = await daemon.start()
  const { missions } = await client.status()
  const adopted = residentOf(daemon.pid) / 2 ** 20
  const adoptedBegan = cpuOf(daemon.pid)
  await sleep(QUIET_MS)
  const adoptedBusy = ((cpuOf(daemon.pid) - adoptedBegan) / QUIET_MS) * 100
  return [
    atMost(
      'daemon with 1,000 live missions, resident',
      resident,
      150,
      `${others} helper process beside it`,
      'MB',
    ),
    atMost('the same after adopting them', adopted, 150, '', 'MB'),
    atMost(
      'processor of the daemon when they are quiet',
      busy,
      1,
      `over ${QUIET_MS / 1000} s, of one core`,
      '%',
    ),
    atMost('the same after adopting them', adoptedBusy, 1, '', '%'),
    atMost('a keeper, memory of its own', keeper, 0.5, 'median of 50', 'MB'),
    atMost(
      'kill -9 to an answering daemon',
      answered / 1000,
      1.5,
      `${missions.running} of ${MISSIONS} adopted`,
      's',
    ),
  ]
}
