export {
  end,
  endGroup,
  isAlive,
  keeperOf,
  missionProcesses,
  processesWith,
} from '../../../core/test/support/processes.ts'
