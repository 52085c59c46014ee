/** The machine may be short of something at any moment: what the host cannot do then it does later. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/index.ts'
import { prepareHome } from '../../src/process/home.ts'
import type { HostEvent } from '../../src/process/host.ts'
import { createKeeperHost } from '../../src/process/keeper-host.ts'
import type { ProcessTable } from '../../src/process/process-table.ts'
import { createProcessTable } from '../../src/process/system-table.ts'
import { launchOf, missionId } from '../fakes/records.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryHome } from '../support/home.ts'

const REF = { mission: missionId('0123abcd'), run: 1 }
const SHORT = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })

/** The processes of this machine, which cannot be looked at while `isShort()`. */
function tableThatFails(isShort: () => boolean): ProcessTable {
  const table = createProcessTable()
  const may = <T>(value: T): T => {
    if (isShort()) throw SHORT
    return value
  }
  return {
    boot: table.boot,
    identify: (pid) => may(table.identify(pid)),
    bornAt: (identity) => may(table.bornAt(identity)),
    uptime: () => may(table.uptime()),
    scan: () => may(table.scan()),
    entry: (pid) => may(table.entry(pid)),
    orphans: () => may(table.orphans()),
    marker: (pid) => may(table.marker(pid)),
    environment: (pid) => may(table.environment(pid)),
    load: (pid) => may(table.load(pid)),
    commandLine: (pid) => may(table.commandLine(pid)),
  }
}

test('a run that begins and one that ends while processes cannot be looked at are noted afterwards', async () => {
  await using temporary = await temporaryHome()
  const home = await prepareHome(temporary.path)
  let isShort = true
  const events: HostEvent[] = []
  const faults = (): number => events.filter(({ type }) => type === 'fault').length
  const host = createKeeperHost({ home, clock: systemClock, table: tableThatFails(() => isShort) })
  host.listen((event) => events.push(event))
  const argv = ['/bin/sh', '-c', 'until [ -e go ]; do sleep 0.02; done; exit 3'] as const
  host.spawn(launchOf({ ...REF, argv, cwd: home.path }))
  await eventually(() => faults() > 0, { what: 'the start cannot be noted' })
  isShort = false
  await eventually(() => events.some(({ type }) => type === 'started'))
  isShort = true
  const before = faults()
  await writeFile(join(home.path, 'go'), '')
  await eventually(() => faults() > before, { what: 'the end cannot be noted' })
  isShort = false
  const exited = await eventually(() => events.find((event) => event.type === 'exited'))
  expect(exited).toMatchObject({ ref: REF, exit: { kind: 'code', code: 3 }, left: 0 })
  await host.close()
})

test('a SIGKILL that cannot be sent is sent later', async () => {
  await using temporary = await temporaryHome()
  const home = await prepareHome(temporary.path)
  const table = createProcessTable()
  let isShort = false
  const events: HostEvent[] = []
  const has = (type: HostEvent['type']): boolean => events.some((event) => event.type === type)
  const identify: ProcessTable['identify'] = (pid) => {
    if (isShort) throw SHORT
    return table.identify(pid)
  }
  const host = createKeeperHost({ home, clock: systemClock, table: { ...table, identify } })
  host.listen((event) => events.push(event))
  host.spawn(launchOf({ ...REF, argv: ['/bin/sh', '-c', 'exec sleep 1000'], cwd: home.path }))
  await eventually(() => has('started'))
  isShort = true
  const sent = host.signal(REF, 'SIGKILL')
  await eventually(() => has('fault'), { what: 'the signal cannot be sent' })
  expect(has('exited')).toBe(false)
  isShort = false
  await sent
  const exited = await eventually(() => events.find((event) => event.type === 'exited'))
  expect(exited).toMatchObject({ ref: REF, exit: { kind: 'code', code: 137 } })
  await host.close()
})
