import { missionSuite } from '../suites/missions.ts'
import { realClaude } from '../support/real-claude.ts'

missionSuite(realClaude)
