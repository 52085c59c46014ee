import { expect, test } from 'vitest'
import { inTree } from '../../src/text/tree.ts'

function drawn(...items: readonly (readonly [id: string, parent: string | null])[]): readonly string[] {
  return inTree(items.map(([id, under]) => ({ id, under }))).map(({ item, branch }) => branch + item.id)
}

test('children stand under their parents, in their order', () => {
  expect(
    drawn(['a', null], ['b', null], ['a1', 'a'], ['b1', 'b'], ['a2', 'a'], ['a1x', 'a1'], ['a2x', 'a2']),
  ).toEqual(['a', '├─ a1', '│  └─ a1x', '└─ a2', '   └─ a2x', 'b', '└─ b1'])
})

test('one whose parent is not shown is a root', () => {
  expect(drawn(['child', 'hidden'], ['grandchild', 'child'])).toEqual(['child', '└─ grandchild'])
})

test('a chain may be longer than a stack is deep', () => {
  const chain = Array.from({ length: 20_000 }, (_, index) => ({
    id: String(index),
    under: index === 0 ? null : String(index - 1),
  }))
  expect(inTree(chain.toReversed()).map(({ item }) => item.id)).toEqual(chain.map(({ id }) => id))
})
