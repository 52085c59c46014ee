import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { type Person, person, type PersonOptions } from '../../../core/test/support/person.ts'

const launcher = fileURLToPath(new URL('../../bin/overmind.cjs', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** `closed`: whoever would read it has gone. */
  readonly stderr?: 'closed'
  /** Called with each piece of stdout; `interrupt` is Ctrl-C, `hangUp` closes the reader's end. */
  readonly onOutput?: (all: string, command: { interrupt(): void; hangUp(): void }) => void
}

/** The built command, as a person would use it, with a home of its own. Disposing ends its daemon. */
export interface Overmind extends AsyncDisposable {
  readonly home: string
  /** Where it runs when nothing else is said; empty. */
  readonly folder: string
  (...args: string[]): Promise<Ended>
  with(options: RunOptions, ...args: string[]): Promise<Ended>
  /** Runs it, expects success, and gives stdout. */
  ok(...args: string[]): Promise<string>
  /** Runs it with `--json`, expects success, and gives the document. */
  json<T>(...args: string[]): Promise<T>
  /** Starts a mission and gives its id. */
  start(...args: string[]): Promise<string>
}

export type Size = Pick<PersonOptions, 'columns' | 'rows'>

/** Somebody at a terminal, on which the command runs. */
export function sitsAt({ home, folder }: Overmind, args: readonly string[], size: Size = {}): Person {
  const env = { ...inherited(), OVERMIND_HOME: home }
  return person([process.execPath, launcher, ...args], { cwd: folder, env, ...size })
}

/** Nothing of whoever runs the tests that would change what a command does. */
function inherited(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(OVERMIND_|VITEST|NODE_OPTIONS$)/.test(name)),
  )
}

export async function overmind(): Promise<Overmind> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'overmind-e2e-')))
  const [home, folder] = [join(root, 'home'), join(root, 'folder')]
  await mkdir(folder)

  async function run(options: RunOptions, args: readonly string[]): Promise<Ended> {
    const child = spawn(process.execPath, [launcher, ...args], {
      cwd: options.cwd ?? folder,
      env: { ...inherited(), OVERMIND_HOME: home, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let seen = ''
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      seen += piece
      options.onOutput?.(seen, {
        interrupt: () => child.kill('SIGINT'),
        hangUp: () => child.stdout.destroy(),
      })
    })
    const errors = options.stderr === 'closed' ? child.stderr.destroy() && '' : text(child.stderr)
    const [[code], stderr] = await Promise.all([once(child, 'close'), errors])
    return { code: code as number | null, stdout: seen, stderr }
  }

  async function ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await run({}, args)
    if (code !== 0) throw new Error(`overmind ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`)
    return stdout
  }

  const command = (...args: string[]): Promise<Ended> => run({}, args)
  return Object.assign(command, {
    home,
    folder,
    with: (options: RunOptions, ...args: string[]) => run(options, args),
    ok,
    // The document has the type that the caller names: the tests say what they look at.
    json: async <T>(name: string, ...args: string[]): Promise<T> =>
      JSON.parse(await ok(name, '--json', ...args)) as T,
    start: async (...args: string[]): Promise<string> =>
      (JSON.parse(await ok('run', '--json', ...args)) as { readonly id: string }).id,
    [Symbol.asyncDispose]: async () => {
      await run({}, ['shutdown'])
      await rm(root, { recursive: true, force: true })
    },
  })
}
