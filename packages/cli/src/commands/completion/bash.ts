import type { CommandWords } from './words.ts'

export function bashScript(commands: readonly CommandWords[]): string {
  return `# overmind: completion for bash. Add to ~/.bashrc: source <(overmind completion bash)
_overmind() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]} words=
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')} help --help --version" -- "$current"))
    return
  fi
  case $command$previous in
${commands.flatMap(choices).join('\n')}
  esac
  case $current in
    -*)
      case $command in
${commands.map(({ name, flags }) => `        ${name}) words="${flags.map((flag) => `--${flag.name}`).join(' ')}" ;;`).join('\n')}
      esac ;;
    *)
      case $command in
        ${commands
          .filter(({ words }) => words === 'missions')
          .map(({ name }) => name)
          .join('|')}) words=$(overmind __complete 2>/dev/null) ;;
        help) words="${commands.map(({ name }) => name).join(' ')}" ;;
${commands.flatMap(firstWords).join('\n')}
      esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _overmind overmind
`
}

function firstWords({ name, first }: CommandWords): string[] {
  return first.length === 0
    ? []
    : [`        ${name}) [ "$COMP_CWORD" -eq 2 ] && words="${first.join(' ')}" ;;`]
}

function choices({ name, flags }: CommandWords): string[] {
  return flags.flatMap((flag) =>
    typeof flag.values === 'string'
      ? []
      : [
          `    ${name}--${flag.name}) COMPREPLY=($(compgen -W "${flag.values.join(' ')}" -- "$current")); return ;;`,
        ],
  )
}
