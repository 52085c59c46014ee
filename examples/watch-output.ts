/** Several missions at once, and what they write, line by line, each under its name. */
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { createRuntime, type Mission } from '@overmind/core'

await using runtime = await createRuntime()
const missions = await Promise.all([
  runtime.start({ name: 'build', command: 'echo compiling; sleep 0.3; echo done' }),
  runtime.start({ name: 'test', command: 'for n in 1 2 3; do echo "test $n ok"; sleep 0.1; done' }),
  runtime.start({ name: 'lint', command: 'sleep 0.2; echo "no-unused: one warning" >&2; exit 1' }),
])

async function watch({ name, output }: Mission): Promise<void> {
  for await (const line of createInterface({ input: Readable.from(output()) }))
    console.log(`${name} | ${line}`)
}

await Promise.all(missions.map(watch))
for (const mission of missions) {
  const { outcome, evidence } = await mission.exited()
  console.log(`${mission.name}: ${outcome}, ${evidence.reason}`)
}
