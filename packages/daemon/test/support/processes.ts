export {
  end,
  isAlive,
  keeperOf,
  missionProcesses,
  processesWith,
} from '../../../core/test/support/processes.ts'
