import { expect, test } from 'vitest'
import { isAbsent } from '../../src/process/regular-file.ts'

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}

test.each(['ENOENT', 'ENXIO', 'ELOOP', 'EACCES', 'EPERM', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG'])(
  'a mission that has brought about %s has no such file',
  (code) => {
    expect(isAbsent(failure(code))).toBe(true)
  },
)

test.each(['EMFILE', 'ENFILE', 'ENOMEM', 'ERR_INVALID_ARG_VALUE'])('%s says nothing of a file', (code) => {
  expect(isAbsent(failure(code))).toBe(false)
})
