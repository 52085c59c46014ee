/** Lies about a world, each with what the oracle is to find, and nothing else. */
import { expect, test } from 'vitest'
import { judge } from '../oracle/judge.ts'
import { aRightWorld, type LiedAbout } from './a-world.ts'

export type Lie = readonly [name: string, tell: (world: LiedAbout) => unknown, findings: readonly string[]]

/** A test for each. */
export function findsThat(lies: readonly Lie[]): void {
  test.each(lies)('it finds that %s', (_, tell, findings) => {
    const world = aRightWorld()
    tell(world)
    expect(judge(world)).toEqual(findings)
  })
}

/** What there is under a key that the world has. */
export function of<T>(map: ReadonlyMap<string, T>, key: string): T {
  const found = map.get(key)
  if (found === undefined) throw new Error(`the world has no ${key}`)
  return found
}

export function entryOf(world: LiedAbout, id: string): LiedAbout['ledger']['entries'][number] {
  const found = world.ledger.entries.find((entry) => entry.id === id)
  if (found === undefined) throw new Error(`nobody asked for ${id}`)
  return found
}

export function missionOf(world: LiedAbout, id: string): LiedAbout['missions'][number] {
  const found = world.missions.find((each) => each.id === id)
  if (found === undefined) throw new Error(`there is no mission ${id}`)
  return found
}

export function without<T>(list: T[], test: (each: T) => boolean): void {
  const at = list.findIndex(test)
  if (at === -1) throw new Error('there is nothing to take away')
  list.splice(at, 1)
}
