import { spawn, spawnSync } from 'node:child_process'

/** Milliseconds of wall time that a command takes from start to end. */
export function timeOf(file: string, args: readonly string[], env: NodeJS.ProcessEnv): number {
  const began = performance.now()
  const { status, stderr } = spawnSync(file, args, { env, stdio: ['ignore', 'ignore', 'pipe'] })
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}: ${stderr.toString()}`)
  return performance.now() - began
}

/** The same for one that runs beside us. */
export function timeBeside(file: string, args: readonly string[]): Promise<number> {
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: 'ignore' })
    child.once('error', reject)
    child.once('exit', () => resolve(performance.now() - began))
  })
}
