// Runs a mission that writes one very long line, reads it as it comes, and says how much memory that took.
import { createRuntime } from '@overmind/core'

const [bytes = '0', home = ''] = process.argv.slice(2)
const runtime = await createRuntime({ home })
const before = process.memoryUsage.rss()
const mission = await runtime.start({
  command: ['/bin/sh', '-c', `head -c ${bytes} /dev/zero | tr '\\0' x`],
})
let read = 0
let most = 0
for await (const part of mission.output()) {
  read += part.length
  most = Math.max(most, process.memoryUsage.rss())
}
const { code } = await mission.exited()
await runtime.close()
console.log(JSON.stringify({ read, code, grownBy: most - before }))
