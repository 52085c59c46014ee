// A program that supervises: it starts the missions in a file, says which, and goes on until it is ended.
import { readFileSync } from 'node:fs'
import { createRuntime, type MissionInput } from '@overmind/core'

const [home = '', list = ''] = process.argv.slice(2)
const runtime = await createRuntime({ home })
process.on('uncaughtException', (error) => {
  process.stdout.write(`fault ${error.message}\n`)
  process.exit(70)
})
for (const input of JSON.parse(readFileSync(list, 'utf8')) as readonly MissionInput[]) {
  const mission = await runtime.start(input)
  process.stdout.write(`started ${mission.id} ${mission.view().state.process?.pid}\n`)
}
process.stdout.write('ready\n')
setInterval(() => {}, 1000)
