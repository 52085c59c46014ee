import { createRuntime } from '@overmind/core'

await using runtime = await createRuntime()
const mission = await runtime.start({ command: 'echo hello; sleep 0.5; echo goodbye' })
for await (const event of mission.events()) console.log(event.type)
for await (const bytes of mission.output()) process.stdout.write(bytes)
const { outcome, code } = await mission.exited()
console.log(`${mission.name} ${outcome} with exit code ${code}`)
