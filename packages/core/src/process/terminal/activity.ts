import type { Clock } from '../../model/time.ts'
import type { Home } from '../home.ts'
import { statOf } from '../regular-file.ts'
import type { RunRef } from '../run-ref.ts'
import { readAttached } from './attached.ts'

/**
 * For how long nothing has happened on a run's terminal, in milliseconds. Its log says too little: a program that
 * draws on the screen writes no lines. And never long while a person is attached who may type.
 */
export function terminalQuietFor({ mission, run }: RunRef, home: Home, clock: Clock): number {
  if (readAttached(home.attachedFile(mission)).control > 0) return 0
  const recording = statOf(home.recordingFile(mission, run))
  return recording === undefined ? Infinity : Math.max(0, clock.now().wall - recording.mtimeMs)
}
