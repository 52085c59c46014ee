/** A supervisor and what is below it, as text for people. */
export interface TreeNode {
  readonly line: string
  readonly children: readonly TreeNode[]
  /** Children that are there and not among `children`. */
  readonly more: number
}

export function renderTree({ line, children, more }: TreeNode): string {
  const rest: readonly TreeNode[] = more === 0 ? [] : [{ line: `… ${more} more`, children: [], more: 0 }]
  const all = [...children, ...rest]
  const below = all.map((node, index) => {
    const [first, others] = index === all.length - 1 ? ['└─ ', '   '] : ['├─ ', '│  ']
    return `${first}${renderTree(node).replaceAll('\n', `\n${others}`)}`
  })
  return [line, ...below].join('\n')
}
