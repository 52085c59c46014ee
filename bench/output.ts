/** What it costs a program that its output is kept: nothing stands between it and its file. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { benchDaemon } from './support/daemon.ts'
import { residentOf } from './support/proc.ts'
import { atMost, type Figure, median } from './support/report.ts'
import { timeBeside } from './support/time.ts'

const MEGABYTES = 300
const ROUNDS = 5
const WRITE = `dd if=/dev/zero bs=64k count=${MEGABYTES * 16} status=none`

export async function output(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ovm-bench-'))
  await using daemon = await benchDaemon()
  const { client } = daemon
  const env = { PATH: process.env['PATH'] ?? '' }
  const before = residentOf(daemon.pid)
  const ratios: number[] = []
  for (let round = 0; round <= ROUNDS; round += 1) {
    const file = join(folder, 'plain')
    const plain = await timeBeside('/bin/sh', ['-c', `${WRITE} >>${file}`])
    await rm(file)
    const began = performance.now()
    const { id } = await client.start({ command: WRITE, cwd: '/', env, output_limit_bytes: 2 ** 30 })
    await client.wait(id)
    const kept = performance.now() - began
    await client.remove(id)
    if (round > 0) ratios.push(kept / plain)
  }
  const grown = Math.max(0, residentOf(daemon.pid) - before) / 2 ** 20
  await rm(folder, { recursive: true })
  return [
    atMost(
      `${MEGABYTES} MB of output ÷ the same to a plain file`,
      median(ratios),
      1.1,
      'from the request to its answer',
    ),
    atMost(
      'growth of the daemon while it is written',
      grown,
      20,
      `over ${ROUNDS + 1} × ${MEGABYTES} MB`,
      'MB',
    ),
  ]
}
