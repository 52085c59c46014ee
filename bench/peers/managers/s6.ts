import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Command, launch, onPath, run } from '../command.ts'
import type { Manager } from '../manager.ts'
import { debianVersion } from './debian.ts'
import { addService, logsIn } from './service-folders.ts'

/** What it says of one service it says of no other: the list is a loop. */
const EACH = 'cd "$0" && for each in *; do printf "%s " "$each"; s6-svstat "$each"; done'

export const s6: Manager = {
  name: 's6',
  ways: 'a folder with `run` and an `s6-log` for each job, linked into the folder of `s6-svscan`, `s6-svscanctl -a`; a loop of `s6-svstat`; it waits a second before it starts again what has ended; its idle command is `s6-svstat -h`',
  version: async () => ((await onPath('s6-svscan')) === undefined ? undefined : debianVersion('s6')),
  async open({ home, env }) {
    const scanned = join(home, 'scanned')
    await mkdir(scanned)
    let pid = 0
    const go = async (): Promise<void> => {
      pid = await launch({ argv: ['s6-svscan', '-c', '20000', scanned], env }, join(home, 'said'))
    }
    await go()
    const status: Command = { argv: ['/bin/sh', '-c', EACH, scanned], env, codes: [0, 1] }
    return {
      pid: () => Promise.resolve(pid),
      idle: { argv: ['s6-svstat', '-h'], env, codes: [100] },
      list: status,
      async start(jobs, signal) {
        for (const job of jobs)
          await addService(home, job, {
            log: (folder) => `s6-log n9 s200000000 ${folder}`,
            giveUp: 'exit 125',
          })
        await run({ argv: ['s6-svscanctl', '-a', scanned], env }, signal)
      },
      async running() {
        const { stdout } = await run(status)
        return new Set([...stdout.matchAll(/^(\S+) up /gm)].map(([, name = '']) => name))
      },
      async exitCode(job) {
        const { stdout } = await run({ argv: ['s6-svstat', '-o', 'up,exitcode', join(scanned, job)], env })
        const [up, code] = stdout.trim().split(' ')
        return up === 'false' ? Number(code) : undefined
      },
      logs: (job) => logsIn(home, job),
      reopen: go,
    }
  },
}
