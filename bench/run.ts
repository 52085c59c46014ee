/**
 * The figures of docs/performance.md, measured anew: `npm run bench`, or `npm run bench -- starts`. Each
 * is a ratio to something bare that is measured in the same run, so that a noisy machine does not matter.
 */
import { latency } from './latency.ts'
import { month } from './month.ts'
import { output } from './output.ts'
import { peers } from './peers/peers.ts'
import { pipeline } from './pipeline.ts'
import { ps } from './ps.ts'
import { respawn } from './respawn.ts'
import { scale } from './scale.ts'
import { starts } from './starts.ts'
import { supervisor } from './supervisor.ts'
import { turn } from './turn.ts'
import { type Figure, table } from './support/report.ts'

const BENCHES: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  ps,
  starts,
  output,
  latency,
  respawn,
  scale,
  supervisor,
  turn,
  pipeline,
  month,
}

if (process.argv[2] === 'peers') process.exit(await peers(process.argv.slice(3)))

const wanted = process.argv.slice(2)
const unknown = wanted.find((name) => BENCHES[name] === undefined)
if (unknown !== undefined) {
  process.stderr.write(`No bench is called ${unknown}; there are ${Object.keys(BENCHES).join(', ')}\n`)
  process.exit(2)
}
const figures: Figure[] = []
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  process.stderr.write(`${name} …\n`)
  figures.push(...(await bench()))
}
process.stdout.write(`${table(figures)}\n`)
process.exit(figures.every(({ holds }) => holds) ? 0 : 1)
