import { missionSuite } from '../suites/missions.ts'
import { standIn } from '../support/stand-in-program.ts'

missionSuite(() => standIn)
