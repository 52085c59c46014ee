import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { NODE_FLAGS } from '@overmind/daemon/node-flags'

const MAIN = createRequire(import.meta.url).resolve('@overmind/daemon/main')

/** Starts a daemon as users have it, the bundled one; settles with its process id once it has said that it is ready. */
export async function launchDaemon(home: string, env: NodeJS.ProcessEnv = process.env): Promise<number> {
  const child = spawn(process.execPath, [...NODE_FLAGS, MAIN], {
    env: { ...env, OVERMIND_HOME: home, OVERMIND_SUPERVISOR: '1' },
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    detached: true,
  })
  const pipe = child.stdio[3]
  if (child.pid === undefined || pipe === null || pipe === undefined || !('on' in pipe))
    throw new TypeError('there is no daemon')
  const news = await new Promise<string>((resolve) => pipe.once('data', (said) => resolve(String(said))))
  child.unref()
  if (!news.includes('"ready"')) throw new Error(`the daemon did not start: ${news}`)
  return child.pid
}
