/** A run that cannot be started is refused with what kept it from that, and no other is. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/index.ts'
import { createCgroups } from '../../src/process/cgroups/cgroups.ts'
import { runGroup } from '../../src/process/cgroups/run-group.ts'
import { prepareHome } from '../../src/process/home.ts'
import type { HostEvent } from '../../src/process/host.ts'
import { keeperProcess } from '../../src/process/keeper.ts'
import { createNodeLauncher, type LaunchFailure } from '../../src/process/launcher.ts'
import { openRunsJournal } from '../../src/process/runs-journal.ts'
import { createStarts } from '../../src/process/starts.ts'
import { launchOf, missionId } from '../fakes/records.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryHome } from '../support/home.ts'

const REF = { mission: missionId('0123abcd'), run: 1 }

test('a keeper that cannot join its control group says so, and the group is named', async () => {
  await using temporary = await temporaryHome()
  const home = await prepareHome(temporary.path)
  const group = join(home.path, 'no-such-group')
  const events: HostEvent[] = []
  const starts = createStarts({
    home,
    clock: systemClock,
    cgroups: { ...createCgroups(home.path), make: () => runGroup(group) },
    emit: (event) => events.push(event),
    onStarting: () => {},
    isBusy: () => false,
    findBegun: () => true,
  })
  const runs = openRunsJournal(home.runs)
  runs.follow(
    (line) => (line.kind === 'refused' ? starts.refused(line, line.code) : expect.unreachable(line.kind)),
    (error) => expect.unreachable(String(error)),
  )
  const limits = { memoryBytes: null, cpus: null, pids: null }
  starts.start(launchOf({ ...REF, argv: ['/bin/true'], cwd: home.path, limits }))
  expect(await eventually(() => events[0])).toEqual({
    type: 'refused',
    ref: REF,
    reason: `its keeper could not join its control group ${group}`,
    retry: true,
  })
  await starts.close()
  runs.close()
})

test('where keepers are started one by one, one that cannot be is no reason to refuse the others', async () => {
  await using temporary = await temporaryHome()
  const home = await prepareHome(temporary.path)
  const failures: LaunchFailure[] = []
  const launcher = createNodeLauncher({ onFailure: (failure) => failures.push(failure) })
  const cwd = join(home.path, 'no-such-folder')
  const output = home.outputFile(REF.mission, REF.run, 'output')
  launcher.launch(
    REF,
    keeperProcess({
      ...REF,
      name: 'mission',
      home: home.path,
      cwd,
      argv: ['/bin/true'],
      env: {},
      copy: '{}',
      stdout: output,
      stderr: output,
      talks: false,
      cgroup: null,
    }),
  )
  expect(await eventually(() => failures[0])).toMatchObject({ session: null, ref: REF })
  await launcher.close()
})
