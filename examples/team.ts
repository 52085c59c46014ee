/** A team of real processes: when the planner fails, those that build on its plan start again with it. */
import { createRuntime } from '@overmind/core'

await using runtime = await createRuntime()
const team = await runtime.supervisor({
  name: 'crew',
  strategy: 'rest_for_one',
  members: [
    { id: 'library', mission: { command: 'exec sleep 60' } },
    // Its first plan comes to nothing.
    { id: 'planner', mission: { command: '[ $OVERMIND_RUN -eq 1 ] && sleep 0.5 && exit 1; exec sleep 60' } },
    { id: 'builder', mission: { command: 'exec sleep 60' } },
  ],
})
const builder = team.mission('builder')
for await (const event of runtime.events()) {
  if (!('mission' in event) || event.mission !== builder.id) continue
  if (event.type === 'run.ending') console.log(`builder is ended: ${event.reason}`)
  if (event.type === 'run.started' && event.run === 2) break
}
for (const { id } of team.view().members) console.log(`${id}: run ${team.mission(id).view().state.run}`)

await team.stop()
console.log(`the team is over: ${await team.over()}`)
