import { text as readAll } from 'node:stream/consumers'
import { createClient } from '@overmind/client'
import { command, type Command } from '../command-line/command.ts'
import { flag, value } from '../command-line/flags.ts'
import { duration } from '../command-line/values.ts'
import { print, printJson, printUntrusted } from '../terminal/print.ts'

const DEFAULT_TIMEOUT_MS = 60_000

export const send: Command = command({
  words: { usage: '<id> <message>…', least: 2, most: Infinity, kind: 'mission' },
  flags: {
    wait: flag('Print the answer when it is there'),
    timeout: value('ms', 'How long to wait for the answer (default: 60000)', duration('ms')),
  },
  notes:
    'What you say is safe before this returns, and is told in its turn, once, whatever dies meanwhile. - reads the ' +
    'message from stdin. With --wait the exit code is 1 when the agent could not answer; a timeout takes nothing back.',
  examples: [
    ['send helper "Which tests fail?"', 'Leave a message'],
    ['send helper --wait --timeout 10m "Mend them"', 'And wait for the answer'],
    ['send helper - < notes.md', 'A message from a file'],
  ],
  run: async ([ref = '', ...words], { wait, timeout, json }) => {
    const client = createClient()
    const text = words.length === 1 && words[0] === '-' ? await readAll(process.stdin) : words.join(' ')
    // Before: once the message is safe, nothing may keep this from saying so.
    const { id } = await client.get(ref)
    const { message } = await client.send(id, text)
    if (!wait) {
      if (json) printJson({ id, message })
      else print(`Sent to mission ${id}\n`)
      return
    }
    const answer = await client.answer(id, message, { timeoutMs: timeout ?? DEFAULT_TIMEOUT_MS })
    if (json) printJson(answer)
    else printUntrusted(`${answer.text}\n`)
    return answer.ok ? 0 : 1
  },
})
