import { createClient, type HookChange, type Reloaded } from '@overmind/client'
import { count, inert } from '@overmind/daemon/text'
import { command, type Command } from '../command-line/command.ts'
import { NO_WORDS } from '../command-line/words.ts'
import { print, printJson } from '../terminal/print.ts'

export const reload: Command = command({
  words: NO_WORDS,
  flags: {},
  notes:
    'Reads config.toml of the home folder again. A file that is wrong changes nothing, and what is wrong with it is said.',
  examples: [['reload', 'After a change of ~/.overmind/config.toml']],
  run: async (_, { json }) => {
    const reloaded = await createClient().reload()
    if (json) printJson(reloaded)
    else print(`${sentence(reloaded)}\n`)
  },
})

/** `Reloaded /…/config.toml: 2 hooks (1 added), limits: missions 8`. */
function sentence({ path, exists, limits, hooks }: Reloaded): string {
  const there = hooks.filter(({ change }) => change !== 'removed')
  const changes = changesOf(hooks)
  const what = `${count(there.length, 'hook')}${changes === '' ? '' : ` (${changes})`}, ${limitsOf(limits)}`
  const dropped = hooks.reduce((sum, each) => sum + each.dropped, 0)
  const lost = dropped === 0 ? '' : `; ${count(dropped, 'event')} that waited for what was removed dropped`
  return exists
    ? `Reloaded ${inert(path)}: ${what}${lost}`
    : `Reloaded: there is no ${inert(path)}; ${what}${lost}`
}

function changesOf(hooks: readonly HookChange[]): string {
  return (['added', 'changed', 'removed'] as const)
    .map((kind) => ({ kind, many: hooks.filter(({ change }) => change === kind).length }))
    .filter(({ many }) => many > 0)
    .map(({ kind, many }) => `${many} ${kind}`)
    .join(', ')
}

function limitsOf({ missions, providers, colonies }: Reloaded['limits']): string {
  const parts = [
    ...(missions === null ? [] : [`missions ${missions}`]),
    ...[...Object.entries(providers), ...Object.entries(colonies)].map(([name, most]) => `${name} ${most}`),
  ]
  return parts.length === 0 ? 'no limits' : `limits: ${parts.join(', ')}`
}
