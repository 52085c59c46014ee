/** People look: by the library, and by every command that prints something. */
import type { Chance } from '../random.ts'
import type { World } from '../world.ts'
import { type Action, someone } from './action.ts'

/** Command lines that end by themselves and change nothing, some of them refused. */
const OF_ALL: readonly (readonly string[])[] = [
  ['ps', '--all'],
  ['ps', '--tree', '--json'],
  ['ps', '--filter', 'status=running'],
  ['status', '--json'],
  ['queue'],
  ['inbox'],
  ['hooks'],
  ['hooks', 'dead'],
  ['hooks', 'test', 'ends'],
  ['ps', '--children', 'none'],
  ['validate', 'none.toml'],
  ['completion', 'bash'],
  ['events', '--json'],
  ['doctor'],
]

const OF_ONE: readonly (readonly string[])[] = [
  ['describe'],
  ['info'],
  ['runs', '--json'],
  ['logs', '--tail', '5'],
  ['logs', '--timestamps'],
  ['result'],
  ['events'],
  ['wait', '--timeout', '500'],
]

async function byCommand(world: World, of: Chance): Promise<void> {
  const entry = of.percent(60) ? someone(world, of) : null
  const [name = '', ...flags] = of.of(entry === null ? OF_ALL : OF_ONE)
  const args = [name, ...flags, ...(entry === null ? [] : [entry.id])]
  const looked = await world.ask(`overmind ${name}`, (signal) => world.command(args, signal))
  if (looked.said === 'yes' && /\(internal\)|^\s+at /m.test(looked.value.stderr))
    world.findings.add(`overmind ${args.join(' ')} failed: ${looked.value.stderr.trim()}`)
}

/** Asks something of one mission. */
function ofOne(
  name: string,
  weight: number,
  request: (
    world: World,
    id: string,
    options: { readonly signal: AbortSignal; readonly of: Chance },
  ) => Promise<unknown>,
): Action {
  return {
    name,
    weight,
    async perform(world, of) {
      const entry = someone(world, of)
      if (entry !== null) await world.ask(name, (signal) => request(world, entry.id, { signal, of }))
    },
  }
}

/** Follows a log for a while, from its first line on. */
async function follow(world: World, of: Chance): Promise<void> {
  const entry = someone(world, of, ({ program: { kind } }) => kind === 'counts')
  if (entry === null) return
  const until = AbortSignal.timeout(of.between(50, 3000))
  let seen = ''
  await world.ask('logs --follow', async (signal) => {
    try {
      const log = world.client.logs(entry.id, { follow: true, signal: AbortSignal.any([signal, until]) })
      for await (const piece of log) seen += piece.toString()
    } catch (error) {
      if (!until.aborted) throw error
    }
  })
  // Behind the first run is a line of Overmind's own; the last one may be cut.
  const [first = ''] = seen.split(/^--- /m)
  entry.follows.push(first.split('\n').slice(0, -1))
}

export const LOOKS: readonly Action[] = [
  {
    name: 'ps',
    weight: 10,
    async perform({ ask, client }) {
      await ask('ps', (signal) => client.list({ all: true, signal }))
    },
  },
  {
    name: 'usage',
    weight: 1,
    async perform({ ask, client }) {
      await ask('usage', (signal) => client.usage({ signal }))
    },
  },
  ofOne('describe', 6, ({ client }, id, { signal }) => client.describe(id, { signal })),
  ofOne('runs', 2, ({ client }, id, { signal }) => client.runs(id, { signal })),
  ofOne('wait', 6, ({ client }, id, { signal, of }) =>
    client.wait(id, { signal, timeoutMs: of.between(1, 2000) }),
  ),
  ofOne('logs', 8, async ({ client }, id, { signal, of }) => {
    const query = of.of([{}, { tail: 3 }, { timestamps: true }])
    for await (const _ of client.logs(id, { signal, ...query }));
  }),
  { name: 'logs --follow', weight: 4, perform: follow },
  { name: 'look by command', weight: 3, perform: byCommand },
]
