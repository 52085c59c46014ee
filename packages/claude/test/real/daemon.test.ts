import { daemonSuite } from '../suites/daemon.ts'
import { realClaude } from '../support/real-claude.ts'

daemonSuite(realClaude)
