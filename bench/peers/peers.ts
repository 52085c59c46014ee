/** `npm run bench -- peers`: Overmind and other managers of processes, side by side in one run on the same machine. */
import { cpus, loadavg, release, totalmem } from 'node:os'
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { MANAGERS } from './managers/all.ts'
import type { Manager } from './manager.ts'
import { MEASURES, type MeasureName } from './measures/all.ts'
import { writePages } from './report/page.ts'
import { type Figure, type Machine, type Results, writeResults } from './results.ts'
import { sideBySide } from './side-by-side.ts'
import { sectionOf, shown } from './report/tables.ts'
import { clearUpOn } from './workplace.ts'

const USAGE = 'Usage: npm run bench -- peers [--counts 10,100,1000] [--only overmind,pm2] [--write]\n'

async function machine(): Promise<Machine> {
  const [, system = 'Linux'] =
    /^PRETTY_NAME="(.*)"$/m.exec(await readFile('/etc/os-release', 'utf8').catch(() => '')) ?? []
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    system,
    node: process.version,
    load: Number((loadavg()[0] ?? 0).toFixed(1)),
  }
}

const say = (text: string): void => void process.stderr.write(`${text}\n`)

function tell({ manager, measure, jobs, value, note }: Figure): void {
  const found = value === null ? `- ${note}` : shown(value, MEASURES[measure as MeasureName].unit)
  say(`  ${manager.padEnd(15)}${String(jobs ?? '').padStart(5)}  ${measure.padEnd(9)} ${found}`)
}

/** Which of them are here, and of which version. */
async function look(managers: readonly Manager[]): Promise<Results['managers']> {
  const found: Results['managers'][number][] = []
  for (const { name, ways, version, startsOnly = false } of managers) {
    const of = await version().then(
      (version) => (version === undefined ? { version: null, note: 'not installed' } : { version }),
      (error: unknown) => ({ version: null, note: String(error).slice(0, 300) }),
    )
    say(`  ${name.padEnd(15)} ${of.version ?? of.note}`)
    found.push({ name, ways, ...of, ...(startsOnly ? { startsOnly } : {}) })
  }
  return found
}

export async function peers(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      counts: { type: 'string', default: '10,100,1000' },
      only: { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  })
  const counts = values.counts.split(',').map(Number)
  const wanted = values.only?.split(',').map((name) => name.toLowerCase())
  const chosen = MANAGERS.filter(({ name }) => wanted?.includes(name.toLowerCase()) ?? true)
  if (
    counts.some((count) => !Number.isInteger(count) || count < 10) ||
    chosen.length < (wanted?.length ?? 0)
  ) {
    process.stderr.write(
      `${USAGE}Counts are 10 and more; managers: ${MANAGERS.map(({ name }) => name).join(', ')}\n`,
    )
    return 2
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) clearUpOn(signal)
  const began = Date.now()
  const on = await machine()
  const managers = await look(chosen)
  const here = chosen.filter(({ name }) =>
    managers.some((found) => found.name === name && found.version !== null),
  )
  const findings = await sideBySide(here, { counts, tell })
  const minutes = Math.round((Date.now() - began) / 6000) / 10
  const date = new Date(began).toISOString().slice(0, 10)
  const results: Results = { date, minutes, machine: on, counts, managers, ...findings }
  process.stdout.write(`${sectionOf(results)}\n`)
  if (values.write) {
    writeResults(results)
    for (const path of writePages()) say(path)
  }
  return 0
}
