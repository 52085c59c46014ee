import type { Random } from './ids.ts'

/** The rule of a mission's name, for people. */
export const NAME_RULE =
  '1 to 63 letters, digits, ".", "_" or "-", beginning with a letter or digit, and neither 8 hexadecimal digits (those are ids) nor "watch"'

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/
/** The API watches missions under this word. */
const RESERVED = 'watch'
const LOOKS_LIKE_ID = /^[0-9a-f]{8}$/

export function isName(text: string): boolean {
  return NAME.test(text) && !LOOKS_LIKE_ID.test(text) && text !== RESERVED
}

const ADJECTIVES = (
  'able amber ancient autumn bold brave bright brisk calm candid clear clever cosmic crisp curious daring deep ' +
  'eager early earnest elder fair fast fearless fine fleet fond frank free fresh gentle glad golden grand great ' +
  'green happy hardy hidden honest humble icy jolly keen kind late light lively lone loyal lucid lucky lunar ' +
  'mellow merry mighty mild misty modest neat nimble noble open patient plain polar prime proud quick quiet rapid ' +
  'ready rich royal rustic sage sharp shy silent silver sleek smart smooth snowy solar solid steady still stout ' +
  'strong subtle sunny swift tame tender tidy true trusty vast vivid warm wild wise witty young zesty'
).split(' ')

const NOUNS = (
  'acorn anchor arrow aspen aurora badger basin beacon birch bison breeze brook canyon cedar cliff cloud comet ' +
  'condor coral crane creek crest crow dawn delta dune eagle echo ember falcon fern finch fjord flame forest fox ' +
  'glacier glade grove gull harbor hare hawk hazel heron hill ibis island ivy jay juniper kestrel kite lagoon lake ' +
  'lark lemur lichen lily lynx maple marsh meadow mesa meteor mist moon moose moss nebula oak ocean orbit orchid ' +
  'osprey otter owl panda pebble pine planet plover pond prairie puffin quail quartz rain raven reef ridge river ' +
  'robin sage seal shore sparrow spruce star stone storm stream summit swan thicket thistle tide trail tundra ' +
  'valley walrus wave willow wind wolf wren yak zephyr'
).split(' ')

function pick(words: readonly string[], random: Random): string {
  const word = words[Math.floor(random() * words.length)]
  if (word === undefined) throw new RangeError('a random source gives numbers in [0, 1)')
  return word
}

/** A name like `brave-otter`; with a number behind it once the plain ones keep being taken. */
export function generateName(isTaken: (name: string) => boolean, random: Random): string {
  for (let attempt = 0; ; attempt += 1) {
    const plain = `${pick(ADJECTIVES, random)}-${pick(NOUNS, random)}`
    const name = attempt < 8 ? plain : `${plain}-${Math.floor(random() * 10 ** Math.min(attempt - 6, 9))}`
    if (!isTaken(name)) return name
  }
}
