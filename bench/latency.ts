/** How soon people see what happens: a line in `logs -f`, an end in `wait`. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { benchDaemon } from './support/daemon.ts'
import { atMost, type Figure, median } from './support/report.ts'

const LINES = 100
const ENDS = 40

export async function latency(): Promise<readonly Figure[]> {
  await using daemon = await benchDaemon()
  const { client, home } = daemon
  const env = { PATH: process.env['PATH'] ?? '' }

  // The program says when it wrote each line, in nanoseconds since 1970.
  const talker = `i=0; while [ $i -lt ${LINES} ]; do i=$((i+1)); date +%s%N; sleep 0.03; done`
  const { id } = await client.start({ command: talker, cwd: '/', env })
  const lines: number[] = []
  for await (const chunk of client.logs(id, { follow: true })) {
    const seen = Date.now() + (performance.now() % 1)
    for (const line of chunk.toString().trim().split('\n')) lines.push(seen - Number(line) / 1e6)
  }

  const ends: number[] = []
  for (let count = 0; count < ENDS; count += 1) {
    const ending = await client.start({ command: 'sleep 0.05; date +%s%N', cwd: '/', env })
    await client.wait(ending.id)
    const seen = Date.now() + (performance.now() % 1)
    const file = (await readdir(join(home, 'output'))).find((name) => name.startsWith(ending.id))
    if (file === undefined || !(await stat(join(home, 'output', file))).isFile()) throw new Error('no output')
    ends.push(seen - Number((await readFile(join(home, 'output', file), 'utf8')).trim()) / 1e6)
  }
  return [
    atMost(
      'a line to `logs -f`, median',
      median(lines),
      10,
      `${LINES} lines, the time of \`date\` to end included`,
      'ms',
    ),
    atMost('an end to `wait`, median', median(ends), 10, `${ENDS} ends, the same`, 'ms'),
  ]
}
