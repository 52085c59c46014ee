/**
 * A supervisor is killed with SIGKILL while its mission runs; a second one takes the mission over, learns its
 * exit code and finds all of its output.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRuntime, type Runtime } from '@overmind/core'
import { openSqliteStore } from '@overmind/daemon'

const [, script = '', role, folder] = process.argv

/** The same files and the same store, whoever supervises. */
function supervise(home: string): Promise<Runtime> {
  return createRuntime({ home, store: openSqliteStore(join(home, 'missions.db')) })
}

async function firstSupervisor(home: string): Promise<void> {
  const runtime = await supervise(home)
  await runtime.start({
    name: 'job',
    command: 'for n in 1 2 3 4; do echo "step $n"; sleep 0.5; done; exit 7',
  })
  console.log('first supervisor: started job')
  // Its mission keeps it alive, until it is killed.
}

async function main(): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'overmind-adopt-'))
  const first = spawn(process.execPath, [script, 'first', home], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(first.stdout, 'data')) as [Buffer]
  process.stdout.write(line)
  first.kill('SIGKILL')
  await once(first, 'exit')
  console.log('first supervisor: killed with SIGKILL')

  await using second = await supervise(home)
  console.log(`second supervisor: adopted ${second.recovery.adopted}, lost ${second.recovery.lost}`)
  const job = second.get('job')
  for await (const bytes of job.output()) process.stdout.write(bytes)
  const { code } = await job.exited()
  console.log(`job ended with exit code ${code}, after ${job.view().state.run} run`)
  await second.close()
  await rm(home, { recursive: true })
}

await (role === 'first' && folder !== undefined ? firstSupervisor(folder) : main())
