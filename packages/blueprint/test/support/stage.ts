import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Mission, RuntimeOptions } from '@overmind/core'
import { openSuccession, type Succession } from '../../../core/test/support/succession.ts'
import { applyBlueprint, type Applied, blueprintController } from '../../src/index.ts'

/** A runtime with pipelines, and those that follow it. */
export interface Stage extends Succession {
  file(name: string): string
  apply(document: object, env?: Readonly<Record<string, string>>): Promise<Applied>
  /** The newest mission of a name. */
  find(name: string): Mission | undefined
}

export async function openStage(options: Pick<RuntimeOptions, 'providers' | 'store'> = {}): Promise<Stage> {
  const succession = await openSuccession({ ...options, controllers: [blueprintController()] })
  const { home, runtime } = succession
  return {
    ...succession,
    file: (name) => join(home.path, name),
    apply: (document, env = {}) =>
      applyBlueprint(runtime(), document, { cwd: '/tmp', env: { PATH: process.env['PATH'] ?? '', ...env } }),
    find: (name) =>
      runtime()
        .list()
        .findLast((mission) => mission.name === name),
  }
}

/** A plan that fails until the file `fixed` is there, applied again once it is; what there is then, by name. */
export async function applyUntilMended(stage: Stage, plan: object): Promise<readonly string[]> {
  const { mission } = await stage.apply(plan)
  expect(await mission.exited()).toMatchObject({ code: 1 })
  writeFileSync(stage.file('fixed'), '')
  const again = await stage.apply(plan)
  expect(again.outcome).toBe('retried')
  expect(await again.mission.exited()).toMatchObject({ code: 0, run: 1 })
  const names = stage
    .runtime()
    .list()
    .map(({ name }) => name)
  return names.toSorted()
}

export async function textOf(mission: Mission): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of mission.output({ follow: false })) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

/** The log of a pipeline, without ids. */
export async function logOf(mission: Mission): Promise<readonly string[]> {
  return (await textOf(mission))
    .replaceAll(/ \([0-9a-f]{8}\)/g, '')
    .split('\n')
    .slice(0, -1)
}

/** A command that ends when a file is there. */
export const until = (path: string): string => `while [ ! -e ${path} ]; do sleep 0.02; done`
