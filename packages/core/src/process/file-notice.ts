import { type FSWatcher, watch } from 'node:fs'

const LOOK_MS = 1000

export interface FileNotice {
  close(): void
  /** Whether waiting for a change keeps the process alive. */
  hold(alive: boolean): void
}

/**
 * Calls `onChange` when a file may have changed. Where the system gives no notice (the file is gone, its
 * watches are used up) it is called once a second instead, so that nothing waits for ever.
 */
export function noticeChanges(path: string, onChange: () => void): FileNotice {
  let watcher: FSWatcher | undefined
  let timer: NodeJS.Timeout | undefined
  let held = true

  function poll(): void {
    watcher?.close()
    watcher = undefined
    timer = setInterval(onChange, LOOK_MS)
    if (!held) timer.unref()
  }

  try {
    watcher = watch(path, onChange)
    watcher.once('error', poll)
  } catch {
    // Whatever the reason, looking now and then still works.
    poll()
  }
  return {
    close: () => {
      watcher?.close()
      clearInterval(timer)
    },
    hold: (alive) => {
      held = alive
      for (const waiting of [watcher, timer]) void (alive ? waiting?.ref() : waiting?.unref())
    },
  }
}
