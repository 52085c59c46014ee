import type { MissionSpec } from '../model/spec.ts'
import type { Provider } from '../provider/provider.ts'
import { rawProvider } from '../provider/raw.ts'
import type { CheckMission, Controller } from './controller.ts'

/** Who knows how to run what. */
export interface Providers {
  readonly names: readonly string[]
  has(name: string): boolean
  /** That of a mission; one that starts nothing when only the supervisor that it was started under knew it. */
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
    of: ({ provider }) => by.get(provider) ?? absentProvider(provider),
    controllerOf: ({ provider }) => controllerBy.get(provider),
  }
}

/**
 * What was written for an agent is never run as a command. A run that lives is watched as those of agents are; one that is to begin ends at
 * once, by the code of a shell that cannot execute something, which is not tried again.
 */
function absentProvider(name: string): Provider {
  const line = `echo "the provider $1 is not known to this supervisor" >&2; exit 126`
  return {
    name,
    invoke: ({ spec, env }) => ({
      argv: ['/bin/sh', '-c', line, 'sh', name],
      streams: spec.terminal === null ? 'talk' : 'terminal',
      env,
    }),
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
