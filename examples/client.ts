/** Talks to the daemon: starts a mission, watches it change, waits for it. `overmind start` first. */
import { createClient, DaemonNotRunning } from '@overmind/client'

const client = createClient()

async function main(): Promise<void> {
  const { revision } = await client.list({ filter: ['name=example'] })
  await client.start({ name: 'example', command: 'echo working; sleep 0.5', cwd: process.cwd() })

  // A list says which revision it is true for; a watch goes on from there, so no change falls between them.
  for await (const change of client.watch(revision, { filter: ['name=example'] })) {
    if (change.type !== 'put') continue
    const { id, phase, exit_reason } = change.mission
    console.log(`${id} ${phase}`)
    if (phase !== 'exited') continue
    console.log(exit_reason)
    break
  }

  for await (const line of client.logLines('example')) console.log(`it wrote: ${line.text}`)
  const { exit_code } = await client.wait('example')
  console.log(`exit code ${exit_code}`)
}

try {
  await main()
} catch (error) {
  if (!(error instanceof DaemonNotRunning)) throw error
  console.error('There is no daemon: overmind start')
  process.exitCode = 1
}
