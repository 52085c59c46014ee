declare const brand: unique symbol
type Branded<T, B extends string> = T & { readonly [brand]: B }

/** Eight hexadecimal digits that name one mission for ever. */
export type MissionId = Branded<string, 'MissionId'>

/** Names one message to an agent for ever: a UUID, because agents know their messages by such. */
export type MessageId = Branded<string, 'MessageId'>

/** The number of an event in the journal, counted from 1; the cursor of every subscriber. */
export type Seq = Branded<number, 'Seq'>

/** The number of a run of one mission, counted from 1. */
export type Run = number

/** A source of random numbers in [0, 1), given by argument so that tests can repeat it. */
export type Random = () => number

const ID = /^[0-9a-f]{8}$/

export function isMissionId(text: string): text is MissionId {
  return ID.test(text)
}

export function newMissionId(random: Random): MissionId {
  const id = Math.floor(random() * 0x1_0000_0000)
    .toString(16)
    .padStart(8, '0')
  if (!isMissionId(id)) throw new RangeError(`a random source gives numbers in [0, 1): made ${id}`)
  return id
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export function isMessageId(text: string): text is MessageId {
  return UUID.test(text)
}

export function newMessageId(random: Random): MessageId {
  const id = newUuid(random)
  if (!isMessageId(id)) throw new RangeError(`a random source gives numbers in [0, 1): made ${id}`)
  return id
}

/** A UUID of version 4. */
export function newUuid(random: Random): string {
  return 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replaceAll(/[xy]/g, (letter) => {
    const digit = Math.floor(random() * 16)
    return (letter === 'x' ? digit : (digit & 3) | 8).toString(16)
  })
}

export function seq(value: number): Seq {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`a journal number is a whole number from 0: current value is ${value}`)
  }
  return value as Seq
}
