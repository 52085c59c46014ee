/**
 * The mission that leads: decompose, spawn, wait, validate, decide. It keeps nothing: when it is started again it finds its
 * missions by their names and goes on where it was.
 */
import { z } from 'zod'
import { connectTools } from './tools.ts'

const MOST_ATTEMPTS = 2

const planSchema = z.array(
  z.object({
    name: z.string(),
    prompt: z.string(),
    /** A shell command that says whether the piece is good. */
    check: z.string(),
  }),
)
type Piece = z.output<typeof planSchema>[number]

/** What a mission is there for. */
interface Step {
  readonly piece: Piece
  readonly attempt: number
  readonly does: 'work' | 'check'
}

const goal = process.argv[2] ?? ''
await using tools = await connectTools()
const open = new Map<string, Step>()

async function decompose(): Promise<readonly Piece[]> {
  const { id } = await tools.begin('plan', {
    provider: 'claude',
    command:
      'Split this goal into pieces that do not depend on each other. Answer with JSON alone: ' +
      '[{"name": "a-word", "prompt": "what an agent is to do", "check": "a shell command that fails when it is not done"}]' +
      `\n\n${goal}`,
    options: { permission_mode: 'plan' },
    restart: 'on-failure',
    timeout_seconds: 600,
  })
  await tools.waitForAny([id])
  // It may have said something around it.
  const [json = '[]'] = /\[.*\]/s.exec(await tools.result(id)) ?? []
  return planSchema.parse(JSON.parse(json))
}

async function spawn(step: Step, command: string): Promise<void> {
  const { piece, attempt, does } = step
  const mission =
    does === 'check'
      ? { command, timeout_seconds: 300 }
      : {
          provider: 'claude',
          command,
          options: { permission_mode: 'acceptEdits' },
          restart: 'on-failure',
          timeout_seconds: 1800,
          on_parent_exit: 'stop',
        }
  console.log(`${does}: ${piece.name}, attempt ${attempt}`)
  open.set((await tools.begin(`${piece.name}-${does}-${attempt}`, mission)).id, step)
}

/** What follows from the end of a step; true or false when its piece is settled. */
async function decide(
  id: string,
  { piece, attempt, does }: Step,
  code: number | null,
): Promise<boolean | null> {
  if (does === 'work') {
    // What an agent says of its work is no proof of it.
    await spawn({ piece, attempt, does: 'check' }, piece.check)
    return null
  }
  if (code === 0) return true
  if (attempt === MOST_ATTEMPTS) return false
  const complaint = await tools.result(id)
  const prompt = `${piece.prompt}\n\nAn earlier attempt did not pass \`${piece.check}\`, which said:\n${complaint}`
  await spawn({ piece, attempt: attempt + 1, does: 'work' }, prompt)
  return null
}

const pieces = await decompose()
console.log(`plan: ${pieces.map(({ name }) => name).join(', ')}`)
for (const piece of pieces) await spawn({ piece, attempt: 1, does: 'work' }, piece.prompt)

let good = 0
while (open.size > 0) {
  for (const { id, exit_code } of await tools.waitForAny([...open.keys()])) {
    const step = open.get(id)
    open.delete(id)
    const settled = step === undefined ? null : await decide(id, step, exit_code)
    if (settled === null) continue
    console.log(`${step?.piece.name} is ${settled ? 'good' : 'not good, and given up'}`)
    if (settled) good += 1
  }
}
console.log(`${good} of ${pieces.length} pieces are good`)
process.exitCode = good === pieces.length ? 0 : 2
