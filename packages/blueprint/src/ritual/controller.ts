import { type Controller, systemClock } from '@overmind/core'
import { ritualOptions } from './options.ts'
import { type RitualClock, runRitual } from './ritual.ts'
import { scheduleOf } from './schedule.ts'

const CLOCK: RitualClock = {
  now: () => systemClock.now().wall,
  timer: systemClock.timer,
  random: Math.random,
}

/**
 * Runs the rituals of a runtime: missions that start others by the clock.
 *
 * @example
 * ```ts
 * await using runtime = await createRuntime({ controllers: [ritualController()] })
 * await runtime.start({
 *   provider: 'ritual',
 *   type: 'ritual',
 *   name: 'nightly',
 *   options: { schedule: '0 3 * * *', timezone: 'Europe/Berlin', mission: { command: 'npm test' } },
 * })
 * ```
 */
export function ritualController(clock: RitualClock = CLOCK): Controller {
  return {
    name: 'ritual',
    type: 'ritual',
    async check({ options }, _, checkMission) {
      const { schedule, timezone, mission } = ritualOptions(options)
      scheduleOf(schedule, timezone)
      checkMission(mission)
    },
    begin: (work) => runRitual(work, clock),
  }
}
