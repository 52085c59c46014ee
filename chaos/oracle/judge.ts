/** What must be true. One that is broken for a while is an error. */
import { acceptedIsThereOnce } from './laws/accepted.ts'
import { daemonsHaveNoFaults } from './laws/faults.ts'
import { childrenEndWithTheirParents, sessionsAreToldOfExits } from './laws/families.ts'
import { copiesAreAsDeclared } from './laws/fleets.ts'
import { answeredIsDone, journalIsInOrder, onceIsOnce, runsFollowEachOther } from './laws/journal.ts'
import { messagesAreHeardOnce } from './laws/messages.ts'
import { followersSeeTheBeginning, outputIsWhole } from './laws/output.ts'
import { agentsRunOnceInOrder } from './laws/pipelines.ts'
import { processesAreThoseOfMissions } from './laws/processes.ts'
import { whoWaitsHasNoRoom } from './laws/queue.ts'
import { timesAreMetOnce } from './laws/rituals.ts'
import { runsAreAsTheyWere } from './laws/runs.ts'
import { typingArrivesOnce, whatIsShownIsWhole } from './laws/terminals.ts'
import { followersAreToldOnce, hooksAreTold } from './laws/told.ts'
import type { Law, Sight } from './sight.ts'

const LAWS: readonly Law[] = [
  processesAreThoseOfMissions,
  acceptedIsThereOnce,
  runsAreAsTheyWere,
  outputIsWhole,
  followersSeeTheBeginning,
  messagesAreHeardOnce,
  typingArrivesOnce,
  whatIsShownIsWhole,
  agentsRunOnceInOrder,
  copiesAreAsDeclared,
  timesAreMetOnce,
  childrenEndWithTheirParents,
  sessionsAreToldOfExits,
  whoWaitsHasNoRoom,
  journalIsInOrder,
  runsFollowEachOther,
  onceIsOnce,
  answeredIsDone,
  followersAreToldOnce,
  hooksAreTold,
  daemonsHaveNoFaults,
]

/** Everything that is not as it should be, in sentences. */
export function judge(sight: Sight): readonly string[] {
  return LAWS.flatMap((law) => law(sight))
}
