/** A small service whose parts may fail: a connection, an API that needs it, and jobs that come and go. */
import {
  dynamicSupervisorLogic,
  dynamicSupervisorOf,
  type ExitReason,
  type Report,
  startSupervisor,
} from '@overmind/core'
import { fromCallback, fromPromise } from 'xstate'

const connection = fromCallback<{ type: 'drop' }, { host: string }>(({ input, receive }) => {
  console.log(`connected to ${input.host}`)
  receive(() => {
    throw new Error('connection reset')
  })
})

const api = fromCallback(() => {
  console.log('api listens')
  return () => console.log('api closed')
})

const job = fromPromise<string, { name: string; fails: boolean }>(async ({ input }) => {
  if (input.fails) throw new Error(`${input.name} failed`)
  return input.name
})

function show(report: Report): void {
  if (report.type === 'child_terminated') console.log(`${report.child.id} ended: ${said(report.reason)}`)
}

function said(reason: ExitReason): string {
  return reason.kind === 'error' && reason.error instanceof Error ? reason.error.message : reason.kind
}

await using supervisor = await startSupervisor(
  {
    // The API was started after the connection and needs it, so it is restarted with it.
    strategy: 'rest_for_one',
    children: [
      { id: 'connection', start: connection, input: { host: 'db.example' } },
      { id: 'api', start: api },
      { id: 'jobs', start: dynamicSupervisorLogic({ maxChildren: 100 }) },
    ],
  },
  { onReport: show },
)
console.log(supervisor.print())

const child = (id: string) => supervisor.whichChildren().find((one) => one.id === id)?.ref
child('connection')?.send({ type: 'drop' })
await settled()

const jobs = dynamicSupervisorOf(child('jobs'))
await jobs.startChild({ start: job, input: { name: 'report', fails: false }, restart: 'temporary' })
await jobs.startChild({ id: 'mail', start: job, input: { name: 'mail', fails: true }, restart: 'temporary' })
await settled()
console.log(`${jobs.countChildren().active} jobs left`)

function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50))
}
