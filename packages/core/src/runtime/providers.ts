import type { MissionSpec } from '../model/spec.ts'
import type { Provider } from '../provider/provider.ts'
import { rawProvider } from '../provider/raw.ts'
import type { CheckMission, Controller } from './controller.ts'

/** Who knows how to run what. */
export interface Providers {
  readonly names: readonly string[]
  has(name: string): boolean
  /** That of a mission; `raw` when the supervisor that it was started under knew more than this one. */
  of(spec: MissionSpec): Provider
  /** What looks after a mission that is no process. */
  controllerOf(spec: MissionSpec): Controller | undefined
}

export interface ProvidersOptions {
  /** Besides `raw`. */
  readonly providers: readonly Provider[]
  readonly controllers: readonly Controller[]
  /** For controllers that will start missions. */
  readonly checkMission: CheckMission
}

export function createProviders({ providers, controllers, checkMission }: ProvidersOptions): Providers {
  const controllerBy = new Map(controllers.map((controller) => [controller.name, controller]))
  const all = [
    rawProvider,
    ...controllers.map((each) => providerOfController(each, checkMission)),
    ...providers,
  ]
  const by = new Map(all.map((provider) => [provider.name, provider]))
  return {
    names: [...by.keys()],
    has: (name) => by.has(name),
    of: ({ provider }) => by.get(provider) ?? rawProvider,
    controllerOf: ({ provider }) => controllerBy.get(provider),
  }
}

/** To a mission's actor a controller is a provider that starts nothing. */
function providerOfController(controller: Controller, checkMission: CheckMission): Provider {
  const { name } = controller
  return {
    name,
    async check(spec, env) {
      await controller.check?.(spec, env, checkMission)
    },
    invoke: ({ env }) => ({ argv: [name], streams: 'inner', env }),
  }
}
