import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type Command, onPath, run } from '../command.ts'
import type { Job, Manager } from '../manager.ts'

const VERSION = '7.0.4'
const FOLDER = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'overmind-bench',
  `pm2-${VERSION}`,
)
const PROGRAM = join(FOLDER, 'node_modules/pm2/bin/pm2')

interface Listed {
  readonly name: string
  readonly pm2_env: { readonly status: string; readonly exit_code?: number }
}

/** From npm, once, into a folder of caches: it is no dependency of this project. */
async function install(): Promise<void> {
  if ((await onPath('npm')) === undefined) throw new Error('npm is not here to install it')
  await mkdir(FOLDER, { recursive: true, mode: 0o700 })
  const env = Object.fromEntries(
    Object.entries(process.env).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, value] as const],
    ),
  )
  const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefix', FOLDER]
  await run({ argv: ['npm', 'install', ...options, `pm2@${VERSION}`], env })
}

/** `max_restarts` with `min_uptime`: it gives up on what crashes often, and is not to. */
const app = (home: string, { name, argv: [script, ...args], restart }: Job): object => ({
  name,
  script,
  args,
  interpreter: 'none',
  cwd: home,
  autorestart: restart === 'always',
  restart_delay: 0,
  min_uptime: 0,
  max_restarts: 1e6,
  out_file: join(home, 'logs', name),
  error_file: join(home, 'logs', `${name}.err`),
})

export const pm2: Manager = {
  name: 'PM2',
  ways: 'an ecosystem file, `pm2 start`; `pm2 ls`; `restart_delay: 0`; `pm2 save` before the crash and `pm2 resurrect` behind it',
  async version() {
    const installed = await readFile(PROGRAM).then(
      () => true,
      () => false,
    )
    if (!installed) await install()
    return VERSION
  },
  async open({ home, env: given }) {
    const env = {
      ...given,
      PM2_HOME: join(home, 'pm2'),
      PM2_DISABLE_VERSION_CHECK: 'true',
      PM2_DISCRETE_MODE: 'true',
    }
    const command = (...args: readonly string[]): Command => ({
      argv: [process.execPath, PROGRAM, ...args],
      env,
    })
    const listed = async (): Promise<readonly Listed[]> => {
      const { stdout } = await run(command('jlist'))
      return JSON.parse(stdout.slice(stdout.indexOf('['))) as readonly Listed[]
    }
    let files = 0
    await mkdir(join(home, 'logs'))
    await run(command('ping'))
    return {
      pid: async () => Number(await readFile(join(home, 'pm2/pm2.pid'), 'utf8')),
      idle: command('--version'),
      list: command('ls'),
      async start(jobs, signal) {
        files += 1
        const file = join(home, `jobs-${files}.config.json`)
        await writeFile(file, JSON.stringify({ apps: jobs.map((job) => app(home, job)) }))
        await run(command('start', file), signal)
      },
      async running() {
        const online = (await listed()).filter(({ pm2_env: { status } }) => status === 'online')
        return new Set(online.map(({ name }) => name))
      },
      exitCode: async (job) => (await listed()).find(({ name }) => name === job)?.pm2_env.exit_code,
      logs: (job) => Promise.resolve([join(home, 'logs', job)]),
      save: async () => void (await run(command('save'))),
      reopen: async () => void (await run(command('resurrect'))),
    }
  },
}
