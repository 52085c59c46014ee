import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Command, launch, onPath, run, until } from '../command.ts'
import type { Job, Manager } from '../manager.ts'

/** `startsecs=0`: what has been started is up, and what crashes is started again at once. */
const program = (home: string, { name, argv, restart }: Job): string => `[program:${name}]
command=${argv.join(' ')}
autorestart=${restart === 'always'}
startsecs=0
redirect_stderr=true
stdout_logfile=${join(home, 'logs', name)}
stdout_logfile_maxbytes=0
`

const config = (home: string): string => `[unix_http_server]
file=${home}/socket
[supervisord]
nodaemon=true
logfile=${home}/supervisord.log
pidfile=${home}/supervisord.pid
minfds=16000
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://${home}/socket
[include]
files=${home}/conf.d/*.conf
`

/** `supervisorctl` does not show exit codes, its API does. */
async function exitStatus(home: string, job: string): Promise<number | undefined> {
  const call = request({ socketPath: join(home, 'socket'), path: '/RPC2', method: 'POST' })
  call.end(
    `<?xml version="1.0"?><methodCall><methodName>supervisor.getProcessInfo</methodName><params><param><value><string>${job}</string></value></param></params></methodCall>`,
  )
  const [response] = (await once(call, 'response')) as [IncomingMessage]
  const [, status] = /<name>exitstatus<\/name>\s*<value><int>(-?\d+)/.exec(await text(response)) ?? []
  return status === undefined ? undefined : Number(status)
}

export const supervisord: Manager = {
  name: 'supervisord',
  ways: 'a file with a section for each job, `supervisorctl update`; `supervisorctl status`; `startsecs=0`; its idle command is `supervisorctl -h`',
  async version() {
    if ((await onPath('supervisord')) === undefined) return undefined
    return (
      await run({ argv: ['supervisord', '--version'], env: { PATH: process.env['PATH'] ?? '' } })
    ).stdout.trim()
  },
  async open({ home, env }) {
    const file = join(home, 'supervisord.conf')
    await Promise.all(['logs', 'conf.d'].map((folder) => mkdir(join(home, folder))))
    await writeFile(file, config(home))
    // 3: something is not running.
    const control = (...args: readonly string[]): Command => ({
      argv: ['supervisorctl', '-c', file, ...args],
      env,
      codes: [0, 3],
    })
    const answers = async (): Promise<true | undefined> =>
      (await run({ ...control('pid'), codes: [0, 1, 2, 3, 4, 7] })).stdout.trim().match(/^\d+$/) === null
        ? undefined
        : true
    let pid = 0
    let files = 0
    const go = async (): Promise<void> => {
      pid = await launch({ argv: ['supervisord', '-c', file], env }, join(home, 'said'))
      if ((await until(answers, 60_000)) === undefined) throw new Error('supervisord does not answer')
    }
    await go()
    return {
      pid: () => Promise.resolve(pid),
      idle: control('-h'),
      list: control('status'),
      async start(jobs, signal) {
        files += 1
        await writeFile(
          join(home, 'conf.d', `${files}.conf`),
          jobs.map((job) => program(home, job)).join('\n'),
        )
        await run(control('update'), signal)
      },
      async running() {
        const { stdout } = await run(control('status'))
        return new Set([...stdout.matchAll(/^(\S+)\s+RUNNING/gm)].map(([, name = '']) => name))
      },
      exitCode: (job) => exitStatus(home, job),
      logs: (job) => Promise.resolve([join(home, 'logs', job)]),
      reopen: go,
    }
  },
}
