/** People have a terminal of their own, on which the command runs until they leave. */
import { type Person, person } from '../../packages/core/test/support/person.ts'
import { OVERMIND } from '../command.ts'
import type { Chance } from '../random.ts'
import { aWhile, type World } from '../world.ts'
import { type Action, freshName, isTerminal, sizeOf, someone } from './action.ts'

/** Longer than leaving may take on a machine that is busy with chaos. Milliseconds. */
const LEAVING_MS = 30_000

function sitsAt(world: World, of: Chance, args: readonly string[]): Person {
  return person([process.execPath, OVERMIND, ...args], {
    cwd: '/tmp',
    env: { ...process.env, OVERMIND_HOME: world.home },
    ...sizeOf(of),
  })
}

/** Leaves by a key, again and again as people do, or by closing the window; what is shown must be nothing of how the command is made. */
async function leave(
  world: World,
  of: Chance,
  { someone: them, keys, what }: { readonly someone: Person; readonly keys: string; readonly what: string },
): Promise<void> {
  const closes = of.percent(30)
  const isGone = them.ended.then(() => true)
  const deadline = Date.now() + LEAVING_MS
  let gone = false
  while (!gone && Date.now() < deadline) {
    if (closes) them.kill('SIGHUP')
    else them.type(keys)
    gone = await Promise.race([isGone, aWhile(of, 1000).then(() => false)])
  }
  if (!gone) world.findings.add(`${what} does not end when it is ${closes ? 'hung up' : 'left'}`)
  if (/\(internal\)|^\s+at .*:\d+:\d+/m.test(them.seen))
    world.findings.add(`${what} failed: ${them.seen.slice(-2000)}`)
}

/** Sits at the terminal of a mission, and types. */
async function attach(world: World, of: Chance): Promise<void> {
  const entry = someone(world, of, isTerminal)
  if (entry === null) return
  await using them = sitsAt(world, of, ['attach', entry.id])
  const typist = freshName('typist')
  for (let turn = of.between(0, 3); turn > 0; turn -= 1) {
    await aWhile(of, 2000)
    const text = `${freshName('typed')}.`
    them.type(`${text}\r`)
    if (of.percent(20)) {
      const { columns, rows } = sizeOf(of)
      them.resize(columns, rows)
    }
    await aWhile(of, 2000)
    // What is typed before the command reads, or the program does, may be nobody's.
    const fate = them.seen.includes(`heard ${text}`) ? 'shown' : 'left'
    world.ledger.count(`typed at an attached terminal: ${fate}`)
    entry.typed.push({ text, typist, fate })
  }
  await leave(world, of, { someone: them, keys: '\u001c', what: `overmind attach ${entry.id}` })
}

/** Watches what is drawn again and again. */
async function watch(world: World, of: Chance): Promise<void> {
  const args = of.of([['top'], ['monitor'], ['ps', '--watch'], ['events', '--follow']])
  await using them = sitsAt(world, of, args)
  await aWhile(of, 4000)
  if (of.percent(30)) them.resize(of.between(20, 200), of.between(2, 60))
  await aWhile(of, 2000)
  world.ledger.count(`${args.join(' ')}: ${them.seen === '' ? 'showed nothing' : 'showed something'}`)
  await leave(world, of, { someone: them, keys: '\u0003', what: `overmind ${args.join(' ')}` })
}

export const SCREENS: readonly Action[] = [
  { name: 'attach', weight: 2, perform: attach },
  { name: 'watch a screen', weight: 2, perform: watch },
]
