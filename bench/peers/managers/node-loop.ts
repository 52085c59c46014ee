import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { launch, until } from '../command.ts'
import type { Manager } from '../manager.ts'

const PROGRAM = fileURLToPath(new URL('../programs/loop.ts', import.meta.url))

/** What everything else is measured against. */
export const nodeLoop: Manager = {
  name: 'bare loop',
  ways: 'a Node program of 30 lines: jobs from a file, output straight into files; it spawns again what ends, and can do nothing else; its idle command is `node -e 0`',
  version: () => Promise.resolve(`Node ${process.versions.node}`),
  async open({ home, env }) {
    const [folder, logs, ready] = [join(home, 'jobs'), join(home, 'logs'), join(home, 'ready')]
    await Promise.all([folder, logs].map((each) => mkdir(each)))
    let pid = 0
    let files = 0
    const go = async (): Promise<void> => {
      await rm(ready, { force: true })
      pid = await launch({ argv: [process.execPath, PROGRAM, folder, logs, ready], env }, join(home, 'said'))
      const up = (): Promise<true | undefined> =>
        readFile(ready).then(
          (said) => said.length > 0 || undefined,
          () => undefined,
        )
      if ((await until(up, 10_000)) === undefined) throw new Error('the loop does not start')
    }
    await go()
    return {
      pid: () => Promise.resolve(pid),
      idle: { argv: [process.execPath, '-e', '0'], env },
      async start(jobs) {
        files += 1
        const whole = join(home, `jobs-${files}.json`)
        await writeFile(whole, JSON.stringify(jobs))
        await rename(whole, join(folder, `${files}.json`))
        process.kill(pid, 'SIGHUP')
      },
      logs: (job) => Promise.resolve([join(logs, job)]),
      reopen: go,
    }
  },
}
