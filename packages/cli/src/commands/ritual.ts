import { createClient } from '@overmind/client'
import { command, type Command } from '../command-line/command.ts'
import { choice, list, value } from '../command-line/flags.ts'
import { duration, text, whole } from '../command-line/values.ts'
import { withDaemon } from '../daemon/with-daemon.ts'
import { UsageError } from '../failures.ts'
import { present, providerOption, startFlags, startRequest } from '../start/flags.ts'
import { print, printJson } from '../terminal/print.ts'

const { follow: _, ...missionFlags } = startFlags

const flags = {
  schedule: value('cron', 'When: minute hour day month weekday, or @daily and the like', text),
  timezone: value('zone', "Whose time of day, such as Europe/Berlin (default: this machine's)", text),
  overlap: choice(
    ['skip', 'wait', 'replace', 'allow'],
    'What becomes of a time at which the mission before is still alive (default: skip)',
  ),
  missed: choice(['once', 'skip'], 'What becomes of times at which no daemon looked (default: once)'),
  jitter: value('s', 'Put each start off by up to so many seconds', duration('s')),
  keep: value('n', 'Missions that have exited are kept so many (default: 10)', whole(1)),
  ...missionFlags,
  provider: value('name', 'The agent that the command is for (default: raw, any command)', text),
  option: list('K=V', 'An option of the provider; V is JSON, or else text', providerOption),
}

export const ritual: Command = command({
  words: { usage: '<command>…', least: 1, most: Infinity, kind: 'other', open: true },
  flags,
  notes:
    'A mission that starts others by the clock. Stop it to suspend it, restart it to go on; what it has started is a mission of ' +
    'its own and goes on meanwhile. Its log says what became of each time.',
  examples: [
    ['ritual --name nightly --schedule "0 3 * * *" npm test', 'Every night at three'],
    [
      'ritual --schedule @hourly --overlap wait --provider claude "look for new issues"',
      'An agent, every hour',
    ],
  ],
  run: async (words, given) => {
    const { schedule, timezone, overlap, missed, jitter, keep, option, provider, json } = given
    if (schedule === undefined) throw new UsageError('--schedule is missing: say when, such as "0 3 * * *"')
    const { name, cwd, env, parent, labels, on_parent_exit, ...mission } = startRequest(given)
    const options = Object.fromEntries(option)
    const line = words.join(' ')
    const client = createClient()
    const started = await withDaemon(() =>
      client.start({
        provider: 'ritual',
        type: 'ritual',
        command: `${schedule} ${line}`,
        ...present({ name, cwd, env, parent, labels, on_parent_exit }),
        options: present({
          schedule,
          timezone,
          overlap,
          missed,
          jitter_ms: jitter,
          keep,
          mission: {
            ...mission,
            ...present({
              labels,
              command: line,
              provider,
              options: Object.keys(options).length === 0 ? undefined : options,
            }),
          },
        }),
      }),
    )
    if (json) printJson({ id: started.id, name: started.name })
    else print(`Started ritual ${started.id} (${started.name})\n`)
  },
})
