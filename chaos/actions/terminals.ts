/** People sit down at terminals, type, watch and leave. */
import { connectTerminal, TerminalNotRunning, type Terminal } from '@overmind/client/terminal'
import { terminalSocketOf } from '@overmind/client'
import type { Chance } from '../random.ts'
import { beside } from '../spectator.ts'
import { aWhile, type World } from '../world.ts'
import { type Action, freshName, isTerminal, type Known, sizeOf, someone } from './action.ts'

/** How long what was typed may take to be shown. Milliseconds. */
const SHOWN_MS = 20_000

/** Sits down at one; null when there is none, or nobody is behind it. */
async function sitDown(
  world: World,
  of: Chance,
): Promise<{ readonly entry: Known; readonly terminal: Terminal } | null> {
  const entry = someone(world, of, isTerminal)
  if (entry === null) return null
  try {
    return { entry, terminal: await connectTerminal(terminalSocketOf(world.home, entry.id)) }
  } catch (error) {
    if (error instanceof TerminalNotRunning) return null
    throw error
  }
}

async function type(world: World, of: Chance): Promise<void> {
  const found = await sitDown(world, of)
  if (found === null) return
  const { entry } = found
  using terminal = found.terminal
  terminal.attach('control', sizeOf(of))
  const sight = beside(terminal)
  // It takes its lines as they are from the moment when it has noted that it began.
  if (world.noted(`${entry.id}.${terminal.run}.begun`)) {
    const typist = freshName('typist')
    for (let turn = of.between(1, 5); turn > 0 && !sight.isOver(); turn -= 1) {
      const lines = Array.from({ length: of.of([1, 1, 3, 40]) }, () => `${freshName('typed')}.`)
      await terminal.type(Buffer.from(lines.map((line) => `${line}\r`).join('')))
      if (of.percent(20)) terminal.resize(sizeOf(of))
      if (of.percent(10)) terminal.refresh()
      const leaves = of.percent(15)
      const shown = leaves ? false : await sight.shows(`heard ${lines.at(-1)}`, SHOWN_MS)
      const fate = shown ? 'shown' : leaves || sight.isOver() ? 'left' : 'not-shown'
      world.ledger.count(`typed: ${fate}`)
      entry.typed.push(...lines.map((text) => ({ text, typist, fate }) as const))
      if (leaves) break
      await aWhile(of, 200)
    }
  }
  entry.glimpses.push(...sight.glimpses())
}

async function watch(world: World, of: Chance): Promise<void> {
  const found = await sitDown(world, of)
  if (found === null) return
  using terminal = found.terminal
  terminal.attach('watch', null)
  const sight = beside(terminal)
  await aWhile(of, 4000)
  found.entry.glimpses.push(...sight.glimpses())
}

/** Ends the program from its terminal, as people do. */
async function sayGoodbye(world: World, of: Chance): Promise<void> {
  const found = await sitDown(world, of)
  if (found === null) return
  using terminal = found.terminal
  terminal.attach('control', null)
  await terminal.type(Buffer.from(`bye ${of.of([0, 0, 4])}\r`))
  await beside(terminal).over(2000)
}

async function detach(world: World, of: Chance): Promise<void> {
  const entry = someone(world, of, isTerminal)
  if (entry !== null) await world.ask('detach', (signal) => world.command(['detach', entry.id], signal))
}

export const TERMINALS: readonly Action[] = [
  { name: 'type', weight: 6, perform: type },
  { name: 'watch a terminal', weight: 2, perform: watch },
  { name: 'end a program from its terminal', weight: 1, perform: sayGoodbye },
  { name: 'detach', weight: 1, perform: detach },
]
