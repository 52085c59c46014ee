import type { CommandWords } from './words.ts'

export function fishScript(commands: readonly CommandWords[]): string {
  return `# overmind: completion for fish. Add to ~/.config/fish/config.fish: overmind completion fish | source
complete -c overmind -f
${commands.flatMap(linesOf).join('\n')}
`
}

function linesOf({ name, summary, words, first, flags }: CommandWords): string[] {
  const behind = `complete -c overmind -n '__fish_seen_subcommand_from ${name}'`
  return [
    `complete -c overmind -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
    ...(first.length === 0 ? [] : [`${behind} -a ${quote(first.join(' '))}`]),
    ...(words === 'missions' ? [`${behind} -a '(overmind __complete 2>/dev/null)'`] : []),
    ...flags.map(({ name, short, summary, values }) => {
      const value = values === 'none' ? '' : values === 'any' ? ' -r -F' : ` -x -a ${quote(values.join(' '))}`
      return `${behind} -l ${name}${short === undefined ? '' : ` -s ${short}`}${value} -d ${quote(summary)}`
    }),
  ]
}

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
