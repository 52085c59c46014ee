import { basename } from 'node:path'
import { command, type Command, type Commands } from '../command-line/command.ts'
import { UsageError } from '../failures.ts'
import { print, printJson } from '../terminal/print.ts'
import { bashScript } from './completion/bash.ts'
import { fishScript } from './completion/fish.ts'
import { readWords, type CommandWords } from './completion/words.ts'
import { zshScript } from './completion/zsh.ts'

const SCRIPTS: Readonly<Record<string, (commands: readonly CommandWords[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
}

/** `commands` is the table that this command is in itself. */
export function completion(commands: Commands): Command {
  return command({
    words: { usage: '[bash|zsh|fish]', least: 0, most: 1, kind: 'other', first: Object.keys(SCRIPTS) },
    flags: {},
    notes:
      'Without a word, for the shell that $SHELL names. The ids and names of missions are completed too.',
    examples: [
      ['completion bash >> ~/.bashrc', 'For all bash shells to come'],
      ['completion fish | source', 'For this fish'],
    ],
    run: async ([given], { json }) => {
      const shell = given ?? basename(process.env['SHELL'] ?? '')
      const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined
      if (script === undefined) {
        throw new UsageError(
          `there is no completion for ${JSON.stringify(shell)}: name one of bash, zsh, fish`,
        )
      }
      const text = script(await readWords(commands))
      if (json) printJson({ shell, script: text })
      else print(text)
    },
  })
}
