// A parent of many threads, which have children too, that starts another Node to list what it sees as
// orphans: to that one this process is an ancestor, as a multi-threaded init would be.
import { spawn, spawnSync } from 'node:child_process'
import { Worker } from 'node:worker_threads'

const children: number[] = []
for (let index = 0; index < 5; index += 1) children.push(spawn('sleep', ['1000']).pid ?? 0)
const others: number[] = []
for (let thread = 0; thread < 3; thread += 1) {
  const worker = new Worker(
    `const { spawn } = require('node:child_process'); const { parentPort } = require('node:worker_threads')
     parentPort.postMessage(spawn('sleep', ['1000']).pid); setInterval(() => {}, 1000)`,
    { eval: true },
  )
  others.push(await new Promise<number>((resolve) => worker.once('message', resolve)))
}
const [table = ''] = process.argv.slice(2)
const script = `import(${JSON.stringify(table)}).then(({ createLinuxTable }) => console.log(JSON.stringify(createLinuxTable().orphans())))`
const { stdout } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' })
for (const pid of [...children, ...others]) process.kill(pid, 'SIGKILL')
console.log(JSON.stringify({ children, seen: JSON.parse(stdout) }))
process.exit(0)
