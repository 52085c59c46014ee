import { expect, test } from 'vitest'
import { nearest } from '../../src/command-line/suggest.ts'

const commands = ['run', 'ps', 'logs', 'status', 'start', 'stop', 'shutdown', 'describe', 'restart', 'rm']

test.each([
  ['pss', 'ps'],
  ['rnu', 'run'],
  ['statsu', 'status'],
  ['lgos', 'logs'],
  ['desc', 'describe'],
  ['sotp', 'stop'],
  ['shutdwon', 'shutdown'],
])('%s is meant to be %s', (word, meant) => {
  expect(nearest(word, commands)).toBe(meant)
})

test.each(['', 'x', 'list', 'frobnicate', 's', 'constructor'])('%j is like none', (word) => {
  expect(nearest(word, commands)).toBeUndefined()
})
