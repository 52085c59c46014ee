import { type Change, createMemoryStore, OvermindError, type Store } from '@overmind/core'

export interface RefusingStore extends Store {
  /** Which changes there is no room for. */
  refuses: (change: Change) => boolean
}

/** A store on a disk that is full for some changes, as one is that has kept a reserve for the ends of missions. */
export function refusingStore(): RefusingStore {
  const store = createMemoryStore()
  const refusing: RefusingStore = {
    ...store,
    refuses: () => false,
    commit(change) {
      if (refusing.refuses(change)) throw new OvermindError('store_failed', 'the disk is full')
      return store.commit(change)
    },
  }
  return refusing
}

export const starts = ({ events }: Change): boolean => events.some(({ type }) => type === 'mission.created')
