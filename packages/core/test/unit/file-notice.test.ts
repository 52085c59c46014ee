import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { noticeChanges } from '../../src/process/file-notice.ts'

const folder = mkdtempSync(join(tmpdir(), 'overmind-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('a change is seen where the system gives no notice of it', async () => {
  // As when all watches are taken: there is nothing to watch yet.
  const path = join(folder, 'later')
  const seen = Promise.withResolvers<string>()
  const notice = noticeChanges(path, () => seen.resolve('seen'))
  writeFileSync(path, 'x')
  expect(await seen.promise).toBe('seen')
  notice.close()
})
