import { nearest } from '@overmind/core/text'
import { createClient, type DeadDeliveryView, type HookView, type OvermindClient } from '@overmind/client'
import { count, inert, showDuration } from '@overmind/daemon/text'
import { command, type Command } from '../command-line/command.ts'
import { UsageError } from '../failures.ts'
import { printTable } from '../terminal/print-table.ts'
import { print, printError, printJson } from '../terminal/print.ts'

const VERBS = ['test', 'dead', 'retry', 'drop'] as const
type Verb = (typeof VERBS)[number]

export const hooks: Command = command({
  words: { usage: '[test|dead|retry|drop] [<name>]', least: 0, most: 2, kind: 'other', first: VERBS },
  flags: {},
  notes:
    'Who is told of what, as config.toml says, and how that goes. test sends something now; dead lists what did not arrive however ' +
    'often it was tried, retry tries that again, drop forgets it. Of one hook, or of all.',
  examples: [
    ['hooks', 'All hooks, what waits for them, and what went wrong'],
    ['hooks test tell-me', 'Whether something arrives; exits with 1 when it does not'],
    ['hooks retry tell-me', 'After the receiver was mended'],
  ],
  run: async ([verb, name], { json }) => {
    const client = createClient()
    if (verb === undefined) return list(await client.hooks(), json)
    const does = VERBS.find((each) => each === verb)
    if (does === undefined) throw unknown(verb)
    return ACTIONS[does](client, { name, json })
  },
})

function unknown(verb: string): UsageError {
  const near = nearest(verb, VERBS)
  const hint = near === undefined ? `it is one of ${VERBS.join(', ')}` : `did you mean "hooks ${near}"?`
  return new UsageError(`there is no command ${JSON.stringify(`hooks ${verb}`)}; ${hint}`, 'unknown_command')
}

interface Given {
  readonly name: string | undefined
  readonly json: boolean
}

const ACTIONS: Readonly<Record<Verb, (client: OvermindClient, given: Given) => Promise<0 | 1 | void>>> = {
  async test(client, { name, json }) {
    if (name === undefined) throw new UsageError('<name> is missing: say which hook')
    const test = await client.testHook(name)
    if (json) printJson(test)
    else if (test.delivered) print(`Delivered to ${inert(name)} in ${test.duration_ms} ms\n`)
    else printError(`Not delivered to ${inert(name)}: ${inert(test.reason ?? 'no reason is known')}\n`)
    return test.delivered ? 0 : 1
  },
  async dead(client, { name, json }) {
    listDead(await client.deadDeliveries({ hook: name }), json)
  },
  async retry(client, { name, json }) {
    const retried = await client.retryDeliveries({ hook: name })
    if (json) printJson({ retried })
    else print(retried === 0 ? 'Nothing to try again\n' : `Trying ${count(retried, 'event')} again\n`)
  },
  async drop(client, { name, json }) {
    const dropped = await client.dropDeliveries({ hook: name })
    if (json) printJson({ dropped })
    else print(dropped === 0 ? 'Nothing to drop\n' : `Dropped ${count(dropped, 'event')}\n`)
  },
}

function list(hooks: readonly HookView[], json: boolean): void {
  if (json) return printJson({ hooks })
  if (hooks.length === 0) return printError('There are no hooks: see docs/hooks.md\n')
  printTable(
    ['NAME', 'EVENTS', 'TO', 'DELIVERED', 'WAITING', 'DEAD', 'LAST ERROR'],
    hooks.map((hook) => [
      hook.name,
      hook.events.join(',') || '-',
      inert(hook.to ?? '(not in config.toml)'),
      String(hook.delivered),
      String(hook.waiting),
      String(hook.dead),
      hook.last_error === null ? '-' : `${ago(hook.last_error_at)}: ${inert(hook.last_error)}`,
    ]),
  )
}

function listDead(deliveries: readonly DeadDeliveryView[], json: boolean): void {
  if (json) return printJson({ deliveries })
  if (deliveries.length === 0) return printError('Everything has arrived, or is on its way\n')
  printTable(
    ['DELIVERY', 'EVENT', 'MISSION', 'TRIES', 'DIED', 'LAST ERROR'],
    deliveries.map(({ delivery, event, mission, attempts, at, error }) => [
      delivery,
      event,
      mission ?? '-',
      String(attempts),
      ago(at),
      inert(error),
    ]),
  )
}

function ago(at: string | null): string {
  return at === null ? '-' : `${showDuration(Date.now() - Date.parse(at))} ago`
}
