import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createClient } from '@overmind/client'
import { launchDaemon } from '../../support/launch-daemon.ts'
import { type Command, run } from '../command.ts'
import type { Job, Manager, Session, Site } from '../manager.ts'

const PACKAGE = createRequire(import.meta.url).resolve('@overmind/cli/package.json')
const COMMAND = join(dirname(PACKAGE), 'bin/overmind.cjs')

async function version(): Promise<string | undefined> {
  const { version: said } = JSON.parse(await readFile(PACKAGE, 'utf8')) as { readonly version: string }
  return said
}

async function open({ home, env: given }: Site): Promise<Session> {
  const env = { ...given, OVERMIND_HOME: home }
  const client = createClient({ home })
  const command = (...args: readonly string[]): Command => ({
    argv: [process.execPath, COMMAND, ...args],
    env,
  })
  const idOf = async (job: string): Promise<string> => (await client.get(job)).id
  let pid = await launchDaemon(home, env)
  return {
    pid: () => Promise.resolve(pid),
    idle: command('--version'),
    list: command('ps'),
    async start(jobs, signal) {
      const requests = jobs.map(({ name, argv, restart }) => ({
        name,
        command: argv,
        cwd: home,
        env: given,
        restart,
        max_restarts: 0,
        backoff_ms: 0,
        output_limit_bytes: 2 ** 30,
      }))
      await Promise.all(requests.map((request) => client.start(request, { signal })))
    },
    async running() {
      const { missions } = await client.list({ fields: ['name', 'status'], filter: ['status=running'] })
      return new Set(missions.map(({ name }) => name))
    },
    exitCode: async (job) => (await client.get(job)).exit_code ?? undefined,
    async logs(job) {
      const id = await idOf(job)
      const folder = join(home, 'output')
      return (await readdir(folder)).filter((name) => name.startsWith(id)).map((name) => join(folder, name))
    },
    async reopen() {
      pid = await launchDaemon(home, env)
    },
  }
}

export const overmind: Manager = {
  name: 'overmind',
  ways: 'the built daemon; started through the API by `@overmind/client`, up to 64 requests at a time; `overmind ps`; `backoff_ms: 0`',
  version,
  open,
}

export const overmindApply: Manager = {
  name: 'overmind apply',
  ways: 'the same daemon; one blueprint with all the jobs, `overmind apply`',
  startsOnly: true,
  version,
  async open(site) {
    const session = await open(site)
    const file = join(site.home, 'bench.toml')
    const env = { ...site.env, OVERMIND_HOME: site.home }
    return {
      ...session,
      async start(jobs, signal) {
        await writeFile(file, jobs.map(agent).join('\n'))
        await run({ argv: [process.execPath, COMMAND, 'apply', file], env }, signal)
      },
    }
  },
}

/** JSON's texts and lists of texts are TOML's. */
const agent = ({ name, argv, restart }: Job): string =>
  `[agents.${name}]\ncommand = ${JSON.stringify(argv)}\nrestart = "${restart}"\nmax_restarts = 0\nbackoff = 0\n`
