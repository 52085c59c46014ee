/** All that people and programs do, each as often as it weighs. */
import type { Action } from './action.ts'
import { ENDINGS } from './endings.ts'
import { FLEETS } from './fleets.ts'
import { LOOKS } from './looks.ts'
import { STARTS } from './missions.ts'
import { apply } from './pipelines.ts'
import { RITUALS } from './rituals.ts'
import { SCREENS } from './screens.ts'
import { TALKS } from './sessions.ts'
import { SETTINGS } from './settings.ts'
import { startTeam, stopTeam } from './teams.ts'
import { TERMINALS } from './terminals.ts'
import { TOOLS } from './tools.ts'

export const ACTIONS: readonly Action[] = [
  ...STARTS,
  ...TALKS,
  ...TERMINALS,
  ...SCREENS,
  ...TOOLS,
  ...ENDINGS,
  ...FLEETS,
  ...RITUALS,
  ...SETTINGS,
  ...LOOKS,
  apply,
  startTeam,
  stopTeam,
]
