import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Command, onPath, run } from '../command.ts'
import type { Job, Manager } from '../manager.ts'

/** A window that stays when its command ends, so that its code can be read. */
const window = (home: string, { name, argv, logged }: Job): string =>
  [
    `new-window -d -t jobs: -n ${name} ${argv.join(' ')}`,
    ...(logged ? [`pipe-pane -t jobs:=${name} 'cat >>${join(home, name)}.log'`] : []),
  ].join('\n')

export const tmux: Manager = {
  name: 'tmux',
  ways: 'a file with a `new-window` for each job, `source-file`; `list-windows`; output that is wanted in a file goes through `pipe-pane`; it starts nothing again: a hook `pane-died` with `respawn-pane` was tried and missed one crash in three',
  async version() {
    if ((await onPath('tmux')) === undefined) return undefined
    return (await run({ argv: ['tmux', '-V'], env: { PATH: process.env['PATH'] ?? '' } })).stdout
      .trim()
      .replace('tmux ', '')
  },
  async open({ home, env }) {
    const tell = (...args: readonly string[]): Command => ({
      argv: ['tmux', '-S', join(home, 'socket'), '-f', join(home, 'tmux.conf'), ...args],
      env,
    })
    const ask = async (format: string): Promise<readonly (readonly string[])[]> => {
      const { stdout } = await run(tell('list-panes', '-s', '-t', 'jobs', '-F', format))
      return stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' '))
    }
    await writeFile(join(home, 'tmux.conf'), 'set-option -g remain-on-exit on\n')
    const go = async (): Promise<void> =>
      void (await run(tell('new-session', '-d', '-s', 'jobs', '-n', 'none', 'sleep 100000')))
    let files = 0
    await go()
    return {
      restarts: false,
      pid: async () => Number((await run(tell('display-message', '-p', '#{pid}'))).stdout),
      idle: tell('-V'),
      list: tell('list-windows', '-t', 'jobs'),
      async start(jobs, signal) {
        files += 1
        const file = join(home, `jobs-${files}.conf`)
        await writeFile(file, jobs.map((job) => window(home, job)).join('\n'))
        await run(tell('source-file', file), signal)
      },
      async running() {
        const panes = await ask('#{window_name} #{pane_dead}')
        return new Set(panes.filter(([, dead]) => dead !== '1').map(([name = '']) => name))
      },
      async exitCode(job) {
        const panes = await ask('#{window_name} #{pane_dead} #{pane_dead_status}')
        const [, dead, code] = panes.find(([name]) => name === job) ?? []
        return dead === '1' ? Number(code) : undefined
      },
      logs: (job) => Promise.resolve([join(home, `${job}.log`)]),
      reopen: go,
    }
  },
}
