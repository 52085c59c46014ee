import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Command, launch, onPath, run } from '../command.ts'
import type { Manager } from '../manager.ts'
import { debianVersion } from './debian.ts'
import { addService, logsIn } from './service-folders.ts'

export const runit: Manager = {
  name: 'runit',
  ways: 'a folder with `run` and a `svlogd` for each job, linked into the folder of `runsvdir`, which looks at it every five seconds; `sv status`; its idle command is `sv -V`',
  version: async () => ((await onPath('runsvdir')) === undefined ? undefined : debianVersion('runit')),
  async open({ home, env }) {
    const scanned = join(home, 'scanned')
    await mkdir(scanned)
    let pid = 0
    const go = async (): Promise<void> => {
      pid = await launch({ argv: ['runsvdir', '-P', scanned], env }, join(home, 'said'))
    }
    await go()
    // As people do who stand in the folder: `sv status *`.
    const status = (): Command => ({
      argv: ['/bin/sh', '-c', 'cd "$0" && exec sv status "$PWD"/*', scanned],
      env,
      codes: Array.from({ length: 100 }, (_, code) => code),
    })
    return {
      pid: () => Promise.resolve(pid),
      idle: { argv: ['sv', '-V'], env, codes: [0, 100] },
      list: status(),
      async start(jobs) {
        for (const job of jobs) {
          await addService(home, job, {
            log: (folder) => `svlogd ${folder}`,
            giveUp: 'printf d >supervise/control',
          })
          await writeFile(join(home, 'logs', job.name, 'config'), 's0\n')
        }
      },
      async running() {
        const { stdout } = await run(status())
        return new Set([...stdout.matchAll(/^run: \S*\/([^/\s]+):/gm)].map(([, name = '']) => name))
      },
      exitCode: (job) => readFile(join(scanned, job, 'exit-code'), 'utf8').then(Number, () => undefined),
      logs: (job) => logsIn(home, job),
      reopen: go,
    }
  },
}
