// A program that starts a mission, closes its runtime as told, and must then end by itself.
import { createRuntime } from '@overmind/core'

const [home = '', missions = 'keep'] = process.argv.slice(2)
const runtime = await createRuntime({ home })
const mission = await runtime.start({ command: 'echo up; exec sleep 1000' })
for await (const event of mission.events()) if (event.type === 'run.output') break
await runtime.close({ missions: missions === 'stop' ? 'stop' : 'keep' })
console.log('closed')
