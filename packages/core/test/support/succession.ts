import { createMemoryStore, createRuntime, type Runtime, type RuntimeOptions } from '../../src/index.ts'
import { type TemporaryHome, temporaryHome } from './home.ts'

/** A runtime, and those that follow it over the same home and store. */
export interface Succession extends AsyncDisposable {
  readonly home: TemporaryHome
  /** Of all of them: faults that were nobody's request. */
  readonly faults: readonly unknown[]
  /** The one at work. */
  runtime(): Runtime
  /** It goes, its missions stay, and another takes over. */
  takeOver(): Promise<void>
}

/** At the end all is gone, and so is every process: by force, so that a test that failed half way leaves nothing. */
export async function openSuccession({
  store = createMemoryStore(),
  ...options
}: Omit<RuntimeOptions, 'home' | 'onFault'> = {}): Promise<Succession> {
  const home = await temporaryHome()
  const faults: unknown[] = []
  const open = (): Promise<Runtime> =>
    createRuntime({ ...options, home: home.path, store, onFault: (error) => faults.push(error) })
  let runtime = await open()
  return {
    home,
    faults,
    runtime: () => runtime,
    async takeOver() {
      await runtime.close({ missions: 'keep' })
      runtime = await open()
    },
    async [Symbol.asyncDispose]() {
      await runtime.close({ missions: 'keep' })
      await home[Symbol.asyncDispose]()
    },
  }
}
