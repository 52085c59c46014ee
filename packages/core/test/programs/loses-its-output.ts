// A runtime whose mission's output file is taken away while it is quiet, and that must live through it.
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createRuntime } from '@overmind/core'

const [home = ''] = process.argv.slice(2)
const runtime = await createRuntime({ home })
const mission = await runtime.start({ command: 'echo up; exec sleep 1000' })
for await (const event of mission.events()) if (event.type === 'run.output') break
for (const file of await readdir(join(home, 'output'))) await rm(join(home, 'output', file))
// Long enough for the watch to look again, several times.
const clock = await runtime.start({ command: 'sleep 0.7' })
await clock.exited()
const exit = await mission.stop()
await runtime.close()
console.log(exit.class)
