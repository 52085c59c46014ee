/** The files through which runs are told something, whichever supervisor wrote them: what they say is nobody's any more when a run is over. */
import { readdirSync, rmSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { MissionId } from '../model/ids.ts'
import type { Home } from './home.ts'
import { keyOf, type RunRef } from './run-ref.ts'

/** Removes those of a run, whatever it has made of them. */
export function removeInput(ref: RunRef, home: Home): void {
  for (const name of readdirSync(home.input))
    if (name.startsWith(`${keyOf(ref)}.`)) rmSync(join(home.input, name), { recursive: true, force: true })
}

/** Removes those of all runs of a mission. */
export async function removeInputs(mission: MissionId, home: Home): Promise<void> {
  const names = (await readdir(home.input)).filter((name) => name.startsWith(`${mission}.`))
  await Promise.all(names.map((name) => rm(join(home.input, name), { recursive: true, force: true })))
}
