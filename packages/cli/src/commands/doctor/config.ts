import { count } from '@overmind/daemon/text'
import type { CheckOptions, Finding } from './finding.ts'

/** The file that a daemon would read, whether one runs or not. */
export async function checkConfig({ home }: CheckOptions): Promise<Finding> {
  const check = 'config'
  const { findConfig } = await import('../../blueprints/read.ts')
  const found = findConfig(home)
  if ('problems' in found) return { check, state: 'problem', detail: found.problems.replaceAll('\n', '; ') }
  const { path, exists, config } = found
  const detail = exists
    ? `${path}: ${count(config.hooks.length, 'hook')}`
    : `there is no ${path}, and need not be`
  return { check, state: 'ok', detail }
}
