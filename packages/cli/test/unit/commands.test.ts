import { expect, test } from 'vitest'
import { commandHelp, overview } from '../../src/command-line/help.ts'
import { commands } from '../../src/commands/all.ts'

const names = Object.keys(commands)

test('every command of the contract is there', () => {
  expect(names.toSorted()).toEqual(
    (
      'agents apply approve attach claude completion deny describe detach diff doctor down events graph hooks inbox info ' +
      'interrupt kill logs mcp monitor prune ps queue reload restart result ritual rm run runs scale send shutdown start status stop subscribe ' +
      'top validate wait'
    ).split(' '),
  )
})

test('the overview names them all', async () => {
  const page = await overview(commands)
  for (const name of names) expect(page).toContain(`overmind ${name} `)
})

test.each(names)('%s has --json, --help, a summary and an example that begins with it', async (name) => {
  const { summary, load } = commands[name]!
  const command = await load()
  expect(Object.keys(command.flags)).toEqual(expect.arrayContaining(['json', 'help']))
  expect(summary).toMatch(/^[A-Z].*[^.]$/)
  expect(command.examples.length).toBeGreaterThan(0)
  expect(command.examples.every(([line]) => line.startsWith(name))).toBe(true)
  expect(await commandHelp(name, summary, command)).toContain(`Usage: overmind ${name} `)
  await expect(command.execute(['--help'])).resolves.toBe('help')
})

test.each(names)('%s refuses a flag it does not have before doing anything', async (name) => {
  const command = await commands[name]!.load()
  await expect(command.execute(['--no-such-flag'])).rejects.toThrow('unknown flag --no-such-flag')
})
