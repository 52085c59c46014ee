export {
  end,
  endGroup,
  isAlive,
  keeperOf,
  missionProcesses,
  openIn,
  processesWith,
} from '../../../core/test/support/processes.ts'
