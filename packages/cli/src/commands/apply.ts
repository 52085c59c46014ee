import { basename } from 'node:path'
import { createClient, type PipelineView } from '@overmind/client'
import { load, ONE_FILE, setFlag } from '../blueprints/blueprint-file.ts'
import { awaitPipeline } from '../blueprints/await-pipeline.ts'
import { changeLines, changeSummary } from '../blueprints/changes.ts'
import { command, type Command } from '../command-line/command.ts'
import { flag } from '../command-line/flags.ts'
import { withDaemon } from '../daemon/with-daemon.ts'
import { UsageError } from '../failures.ts'
import { exitCodeOf } from '../missions/exit-code.ts'
import { callersEnvironment } from '../start/flags.ts'
import { print, printError, printJson } from '../terminal/print.ts'

export const apply: Command = command({
  words: ONE_FILE,
  flags: {
    ...setFlag,
    wait: flag(
      'Return when its pipeline has exited, with its code; or with 1 when a change of copies is paused',
    ),
    'dry-run': flag('Say what would change, and do nothing; starts no daemon'),
  },
  notes:
    'Agents get your environment and, where they name no folder, your current one. Applied again, it starts what has changed ' +
    'and what depends on that, tries again what had failed, and leaves the rest alone. Starts the daemon when there is none.',
  examples: [
    ['apply report.toml', 'Start the agents in it, each when its turn comes'],
    ['apply --wait --set topic=OTP report.toml', 'With a variable; exits with 0 when all agents ended well'],
    ['apply --dry-run report.toml', 'See first'],
  ],
  run: async ([file], { set, wait, 'dry-run': dry, json }) => {
    if (wait && dry) throw new UsageError('--dry-run starts nothing that could be waited for')
    const { document } = await load(file, set)
    const client = createClient()
    if (dry) {
      const changes = await client.diffPipeline({ document })
      if (json) printJson(changes)
      else print(changeLines(changes))
      return
    }
    const request = { document, cwd: process.cwd(), env: callersEnvironment(), source: basename(file ?? '') }
    const applied = await withDaemon(() => client.applyPipeline(request))
    if (json && !wait) return printJson(applied)
    if (!json) print(`${told(applied)}\n`)
    if (!wait) return
    const awaited = await awaitPipeline(client, applied)
    if ('paused' in awaited) {
      printError(`${awaited.paused}\n`)
      return 1
    }
    const { over } = awaited
    const code = exitCodeOf(over)
    if (json) printJson(over)
    else print(`Pipeline ${over.id} finished: ${over.status} (exit code ${code ?? 'unknown'})\n`)
    return code ?? 1
  },
})

function told({ mission, outcome, changes }: PipelineView): string {
  const { id, name } = mission
  switch (outcome) {
    case 'started':
      return `Started pipeline ${id} (${name})`
    case 'changed':
      return `Started pipeline ${id} (${name}) in the place of the one before: ${changeSummary(changes) || 'its settings'}`
    case 'retried':
      return `Started pipeline ${id} (${name}) again, for what had failed`
    case 'unchanged':
      return `Pipeline ${id} (${name}) is as it is declared: ${mission.status}`
  }
}
