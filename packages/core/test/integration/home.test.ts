/** What others have put into a home, or in its place, is not taken for our own. */
import { execFileSync } from 'node:child_process'
import { chmod, chown, lchown, mkdir, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createRuntime } from '../../src/index.ts'
import { temporaryHome } from '../support/home.ts'

/** Giving what one has made to another user is for root alone. */
const isRoot = process.getuid?.() === 0
const NOBODY = 65_534

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8)

describe('a home that others could write to', () => {
  test('is closed, and so are its folders', async () => {
    await using home = await temporaryHome()
    const path = join(home.path, 'open')
    await mkdir(join(path, 'output'), { recursive: true })
    for (const each of [path, join(path, 'output')]) await chmod(each, 0o777)
    await using _ = await createRuntime({ home: path })
    expect([await modeOf(path), await modeOf(join(path, 'output'))]).toEqual(['700', '700'])
  })

  test.runIf(isRoot).each(['runs', 'overmind.db', 'output/0123abcd.1.log'])(
    'is refused when somebody has put a link there: %s',
    async (name) => {
      await using home = await temporaryHome()
      const [path, precious] = [join(home.path, 'open'), join(home.path, 'precious')]
      await writeFile(precious, 'as it was')
      await mkdir(join(path, 'output'), { recursive: true })
      for (const each of [path, join(path, 'output')]) await chmod(each, 0o777)
      await symlink(precious, join(path, name))
      await lchown(join(path, name), NOBODY, NOBODY)
      await expect(createRuntime({ home: path })).rejects.toMatchObject({
        code: 'home_not_private',
        message: expect.stringContaining(join(path, name)),
      })
      expect((await stat(precious)).size).toBe('as it was'.length)
    },
  )
})

describe('a home in a place that is not ours', () => {
  test.runIf(isRoot)('is refused when the folder belongs to another user', async () => {
    await using home = await temporaryHome()
    const path = join(home.path, 'theirs')
    await mkdir(path)
    await chown(path, NOBODY, NOBODY)
    await expect(createRuntime({ home: path })).rejects.toMatchObject({ code: 'home_not_private' })
  })

  test.runIf(isRoot)('is refused when the way to it is a link of another user', async () => {
    await using home = await temporaryHome()
    const [path, link] = [join(home.path, 'ours'), join(home.path, 'link')]
    await mkdir(path, { mode: 0o700 })
    await symlink(path, link)
    await lchown(link, NOBODY, NOBODY)
    await expect(createRuntime({ home: link })).rejects.toMatchObject({ code: 'home_not_private' })
  })

  test('is used when the way to it is a link of our own', async () => {
    await using home = await temporaryHome()
    const [path, link] = [join(home.path, 'ours'), join(home.path, 'link')]
    await mkdir(path, { mode: 0o700 })
    await symlink(path, link)
    await using runtime = await createRuntime({ home: link })
    expect(runtime.home).toBe(path)
  })
})

describe('a home in which something never ends', () => {
  test.each(['runs', 'runs.1'])('is refused when it is a pipe: %s', async (name) => {
    await using home = await temporaryHome()
    execFileSync('mkfifo', [join(home.path, name)])
    await expect(createRuntime({ home: home.path })).rejects.toMatchObject({
      code: 'home_not_writable',
      message: `${join(home.path, name)} is a pipe, and is to be a file: move it away, and start again`,
    })
  })

  test('is refused when it leads to a device', async () => {
    await using home = await temporaryHome()
    await symlink('/dev/zero', join(home.path, 'runs'))
    await expect(createRuntime({ home: home.path })).rejects.toMatchObject({ code: 'home_not_writable' })
  })

  test('is used when it is called as nothing of ours', async () => {
    await using home = await temporaryHome()
    execFileSync('mkfifo', [join(home.path, 'a-pipe-of-an-agent')])
    await using runtime = await createRuntime({ home: home.path })
    expect(await (await runtime.start({ command: 'true' })).exited()).toMatchObject({ code: 0 })
  })
})
