import type { ChangeView } from '@overmind/client'

const SIGNS = { added: '+', changed: '~', removed: '-', unchanged: ' ' } as const

/** A line for each agent: what would become of it. */
export function changeLines(changes: readonly ChangeView[]): string {
  return changes.map(({ agent, change }) => `${SIGNS[change]} ${agent}\n`).join('')
}

/** `1 added, 2 changed`; empty when nothing is different. */
export function changeSummary(changes: readonly ChangeView[]): string {
  return (['added', 'changed', 'removed'] as const)
    .map((kind) => ({ kind, many: changes.filter(({ change }) => change === kind).length }))
    .filter(({ many }) => many > 0)
    .map(({ kind, many }) => `${many} ${kind}`)
    .join(', ')
}
