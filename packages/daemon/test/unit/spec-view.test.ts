import type { Json } from '@overmind/core'
import { expect, test } from 'vitest'
import { missionSpec } from '../../../core/test/fakes/records.ts'
import { specView } from '../../src/api/views.ts'

const seen = (value: Json): unknown =>
  specView({ ...missionSpec({ command: 'x' }), options: { anOption: value } })['options']

test.each<[string, Json]>([
  ['an object', { env: { KEY: 'secret' } }],
  ['objects in a list', [{ name: 's', env: [{ name: 'KEY', value: 'secret' }] }]],
  ['a list in a list', [['secret']]],
  ['an object as text', '{"env":{"KEY":"secret"}}'],
  ['an object as text behind a line', '\n {"env":{"KEY":"secret"}}'],
  ['a list as text', '[{"KEY":"secret"}]'],
  ['an object as text in a list', ['a', '{"KEY":"secret"}']],
])('%s in the options of a provider is not shown', (_, value) => {
  expect(seen(value)).toEqual({ an_option: '(not shown)' })
})

test.each<Json>([
  'plan',
  'settings.json',
  true,
  3,
  null,
  '',
  [],
  ['Bash(git *)', 'Read'],
  ['gemini', '--acp'],
])('%j is', (value) => {
  expect(seen(value)).toEqual({ an_option: value })
})
