import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { MissionInput } from '../../src/index.ts'
import { node } from './missions.ts'

export interface HostProgram extends AsyncDisposable {
  /** Ids of the missions it said it started, so far. */
  readonly started: readonly string[]
  /** Settles when all are started. */
  readonly ready: Promise<void>
  /** SIGKILL; settles when it is gone. */
  kill(): Promise<void>
}

/** Another process that supervises missions under a home, and may die at any moment. */
export function hostProgram(home: string, missions: readonly MissionInput[]): HostProgram {
  const list = join(home, 'missions.json')
  writeFileSync(list, JSON.stringify(missions))
  const [file, ...args] = node('host.ts', home, list)
  const child: ChildProcess = spawn(file!, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const started: string[] = []
  const ready = Promise.withResolvers<void>()
  ready.promise.catch(() => {})
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const [word, id = ''] = line.split(' ')
    if (word === 'started') started.push(id)
    if (word === 'ready') ready.resolve()
    if (word === 'fault') ready.reject(new Error(line))
  })
  void gone.then(() => ready.reject(new Error('the host program ended')))
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await gone
  }
  return { started, ready: ready.promise, kill, [Symbol.asyncDispose]: kill }
}
