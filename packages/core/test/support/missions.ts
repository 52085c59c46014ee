import { join } from 'node:path'
import {
  createRuntime,
  type Mission,
  type OutputOptions,
  type Runtime,
  type RuntimeOptions,
} from '../../src/index.ts'
import { type TemporaryHome, temporaryHome } from './home.ts'

/** A program of `test/programs`. */
export function program(name: string): string {
  return join(import.meta.dirname, '..', 'programs', name)
}

/** The arguments that run a program of `test/programs`. */
export function sh(name: string, ...args: readonly string[]): readonly string[] {
  return ['/bin/sh', program(name), ...args]
}

export function node(name: string, ...args: readonly string[]): readonly string[] {
  return [process.execPath, '--conditions=overmind-source', program(name), ...args]
}

export interface Bench extends AsyncDisposable {
  readonly runtime: Runtime
  readonly home: TemporaryHome
  /** Faults that were nobody's request. */
  readonly faults: readonly unknown[]
}

/** A runtime under a home of its own; at the end both are gone and so is every process. */
export async function bench(options: Omit<RuntimeOptions, 'home' | 'onFault'> = {}): Promise<Bench> {
  const home = await temporaryHome()
  const faults: unknown[] = []
  const runtime = await createRuntime({ ...options, home: home.path, onFault: (error) => faults.push(error) })
  return {
    runtime,
    home,
    faults,
    async [Symbol.asyncDispose]() {
      // By force, below: a test that failed half way leaves nothing that could refuse to end.
      await runtime.close({ missions: 'keep' })
      await home[Symbol.asyncDispose]()
    },
  }
}

export async function bytesOf(mission: Mission, options?: OutputOptions): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of mission.output(options)) parts.push(part)
  return Buffer.concat(parts)
}

export async function textOf(mission: Mission, options?: OutputOptions): Promise<string> {
  return (await bytesOf(mission, options)).toString('utf8')
}

/** What has been written so far. */
export function textSoFar(mission: Mission): Promise<string> {
  return textOf(mission, { follow: false })
}

/** The types of what happened to a mission so far. */
export async function storyOf(mission: Mission): Promise<readonly string[]> {
  const types: string[] = []
  for await (const event of mission.events({ follow: false })) types.push(event.type)
  return types
}
