import { daemonSuite } from '../suites/daemon.ts'
import { standIn } from '../support/stand-in-program.ts'

daemonSuite(() => standIn)
