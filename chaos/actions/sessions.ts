/** Sessions and agents are talked to. */
import type { Entry } from '../ledger.ts'
import type { Chance } from '../random.ts'
import { aWhile, type World } from '../world.ts'
import { type Action, insist, isSession, someone } from './action.ts'

/** What the stand-in for Claude Code is to do with a message; nothing is an answer at once. */
const SCRIPTS = [
  '',
  '',
  '\n::text one\n::wait 50\n::text two',
  '\n::slow 5\n::text some words that take their time',
  '\n::tool Bash {"command":"echo a tool"}\n::next\n::text done',
  '\n::error 529 x1\n::text after one error',
]

const isAgent = ({ program: { kind } }: Entry): boolean => kind === 'converses'

async function send(world: World, of: Chance): Promise<void> {
  const entry = someone(world, of, of.percent(30) ? isAgent : isSession)
  if (entry === null) return
  const script = isAgent(entry) ? of.of(SCRIPTS) : ''
  const text = `${entry.name} message ${entry.sent.length + 1}${script}`
  const asked = performance.now()
  const place = entry.sent.push({ text, sure: false, asked, answered: Infinity }) - 1
  const user = world.user(of)
  const answer = await world.ask('send', (signal) => user.send(entry.id, text, { signal }))
  const answered = performance.now()
  if (answer.said === 'yes') entry.sent[place] = { text, sure: true, asked, answered }
  if (answer.said === 'no') entry.sent[place] = { text: '', sure: false, asked, answered }
}

async function interrupt(world: World, of: Chance): Promise<void> {
  const entry = someone(world, of, isAgent)
  const user = world.user(of)
  if (entry !== null) await world.ask('interrupt', (signal) => user.interrupt(entry.id, { signal }))
}

/** Answers all that agents ask. */
async function decide({ client, ask }: World, of: Chance): Promise<void> {
  const inbox = await ask('inbox', (signal) => client.inbox({ signal }))
  for (const question of inbox.said === 'yes' ? inbox.value : []) {
    const decision = of.of([{ decision: 'allow' as const }, { decision: 'deny' as const, reason: 'no' }])
    await ask('decide', (signal) => client.decide(question.mission, question.ask, { decision, signal }))
  }
}

/** Puts an agent on its own terminal for a while; what is said meanwhile waits. */
async function sitDown(world: World, of: Chance): Promise<void> {
  const entry = someone(world, of, isAgent)
  if (entry === null) return
  const { client } = world
  const interrupt = of.percent(50)
  // One that waits for a slot is waited for: nobody has that patience.
  const patience = AbortSignal.timeout(5000)
  const answer = await world.ask('sit down', async (signal) => {
    try {
      await client.sitDown(entry.id, {
        columns: 80,
        rows: 24,
        interrupt,
        signal: AbortSignal.any([signal, patience]),
      })
    } catch (error) {
      if (!patience.aborted) throw error
    }
  })
  if (answer.said === 'no') return
  await aWhile(of, 1500)
  await insist(
    () => world.ask('stand up', (signal) => client.standUp(entry.id, { signal })),
    () => aWhile(of, 400),
  )
}

export const TALKS: readonly Action[] = [
  { name: 'send', weight: 20, perform: send },
  { name: 'interrupt', weight: 1, perform: interrupt },
  { name: 'sit down', weight: 1, perform: sitDown },
  { name: 'answer questions', weight: 4, perform: decide },
]
