import { OvermindError } from '../model/errors.ts'

/** One thing at a time, in the order in which things came. */
export interface Queue {
  /** For what is nobody's request. `work` must not fail: if it does, `crashed` is told. */
  post(work: () => Promise<void> | void): void
  /** For a request. @throws OvermindError `supervisor_ended` when the queue is closed before it was done */
  call<Answer>(work: () => Promise<Answer> | Answer): Promise<Answer>
  /** What waits is refused, and what is under way gets no answer from `work` any more. */
  close(): void
}

interface Entry {
  readonly work: () => Promise<void> | void
  next: Entry | undefined
}

export function createQueue(crashed: (error: unknown) => void): Queue {
  let first: Entry | undefined
  let last: Entry | undefined
  let busy = false
  let closed = false
  const refusals = new Set<(error: OvermindError) => void>()

  async function drain(): Promise<void> {
    try {
      for (let entry = first; entry !== undefined; entry = first) {
        first = entry.next
        if (first === undefined) last = undefined
        await entry.work()
      }
    } catch (error) {
      crashed(error)
    }
    busy = false
  }

  function post(work: () => Promise<void> | void): void {
    if (closed) return
    const entry: Entry = { work, next: undefined }
    if (first === undefined || last === undefined) first = entry
    else last.next = entry
    last = entry
    if (busy) return
    busy = true
    // Not in the stack of whoever posts: that may be a child in the midst of ending.
    queueMicrotask(() => void drain())
  }

  return {
    post,
    call: (work) =>
      new Promise((resolve, reject) => {
        if (closed) {
          reject(ended())
          return
        }
        refusals.add(reject)
        post(async () => {
          try {
            resolve(await work())
          } catch (error) {
            reject(error)
          }
          refusals.delete(reject)
        })
      }),
    close() {
      closed = true
      first = undefined
      for (const refuse of refusals) refuse(ended())
      refusals.clear()
    },
  }
}

export function ended(): OvermindError {
  return new OvermindError('supervisor_ended', 'the supervisor has ended')
}
