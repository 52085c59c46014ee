import type { CommandWords, FlagWords } from './words.ts'

export function zshScript(commands: readonly CommandWords[]): string {
  return `#compdef overmind
# overmind: completion for zsh. Add to ~/.zshrc behind compinit: source <(overmind completion zsh)
_overmind_missions() {
  local -a missions
  missions=(\${(f)"$(overmind __complete 2>/dev/null)"})
  compadd -a missions
}
_overmind() {
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${commands.map((command) => `    ${command.name}) _arguments ${argumentsOf(command).join(' ')} ;;`).join('\n')}
    help) _describe command commands ;;
  esac
}
compdef _overmind overmind
`
}

function argumentsOf({ words, first, flags }: CommandWords): string[] {
  const specs = flags.map(specOf)
  if (first.length > 0) return [...specs, `'1:word:(${first.join(' ')})'`]
  if (words === 'missions') return [...specs, `'*:mission:_overmind_missions'`]
  return words === 'none' ? specs : [...specs, `'*::word:_normal'`]
}

function specOf({ name, summary, values }: FlagWords): string {
  const text = summary.replace(/[[\]:]/g, '\\$&')
  const action = values === 'none' ? '' : values === 'any' ? ':value:_files' : `:value:(${values.join(' ')})`
  return quote(`--${name}[${text}]${action}`)
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
