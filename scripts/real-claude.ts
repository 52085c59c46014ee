/**
 * Tests against the real Claude CLI: `npm run test:real-claude`, with the options of vitest.
 *
 * The CLI is proprietary, so it is no dependency: pinned releases are installed from npm into a cache
 * (`~/.cache/overmind`, or `OVERMIND_CLAUDE_CACHE`), once. The tests talk to an API of their own on loopback;
 * where the system allows it they run in a network namespace that holds nothing else.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** The release that is supported in full, and one from before it told the ids of messages. */
const releases = { OVERMIND_REAL_CLAUDE: '2.1.330', OVERMIND_OLD_CLAUDE: '2.1.112' }

const root = new URL('..', import.meta.url).pathname
const cache = process.env['OVERMIND_CLAUDE_CACHE'] ?? join(homedir(), '.cache', 'overmind')

/** The path of a release that runs; installs it if it is not there. Throws the sentence for people. */
function install(version: string): string {
  const folder = join(cache, `claude-${version}`)
  const program = join(folder, 'node_modules', '.bin', 'claude')
  if (says(program).startsWith(version)) return program
  const trial = `${folder}.${process.pid}`
  mkdirSync(trial, { recursive: true, mode: 0o700 })
  const name = `@anthropic-ai/claude-code@${version}`
  process.stdout.write(`installing ${name} into ${folder}\n`)
  const options = ['--prefix', trial, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts=false']
  const { status, stderr } = spawnSync('npm', ['install', ...options, name], { encoding: 'utf8' })
  const installed = says(join(trial, 'node_modules', '.bin', 'claude'))
  if (status !== 0 || !installed.startsWith(version)) {
    rmSync(trial, { recursive: true })
    const why = stderr
      .split('\n')
      .findLast((line) => line.startsWith('npm error') && !line.includes('complete log'))
    throw new Error(
      `npm could not install ${name}: ${why ?? `it says it is ${installed || 'nothing'}`}\n` +
        `These tests need the network once. Make npm's registry reachable, or set OVERMIND_CLAUDE_CACHE ` +
        `to a folder in which claude-${version} is installed.`,
    )
  }
  rmSync(folder, { recursive: true, force: true })
  renameSync(trial, folder)
  return program
}

function says(program: string): string {
  return spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout ?? ''
}

/** What a command is started with to see only loopback; nothing where the system does not allow it. */
function alone(): readonly string[] {
  const up = 'ip link set lo up 2>/dev/null || ifconfig lo up'
  const prefix = ['unshare', '--map-root-user', '--net', 'sh', '-c', `${up} && exec "$@"`, 'sh']
  const [program = '', ...args] = prefix
  if (spawnSync(program, [...args, 'true']).status === 0) return prefix
  process.stdout.write('no network namespace here: only the environment keeps the CLI from the network\n')
  return []
}

try {
  const found: NodeJS.ProcessEnv = {}
  for (const [variable, version] of Object.entries(releases)) found[variable] = install(version)
  const command = [...alone(), 'vitest', 'run', '--config', 'vitest.real-claude.config.ts']
  const [program = '', ...args] = [...command, ...process.argv.slice(2)]
  const { status } = spawnSync(program, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...found },
  })
  process.exitCode = status ?? 1
} catch (error) {
  if (!(error instanceof Error)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
