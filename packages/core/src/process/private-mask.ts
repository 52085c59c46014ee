const OWNER_ALONE = 0o177

/** Makes something that nobody else may open, from the moment in which it is there. Nothing else is made meanwhile. */
export function withPrivateMask(make: () => void): void {
  const before = process.umask(OWNER_ALONE)
  try {
    make()
  } finally {
    process.umask(before)
  }
}
