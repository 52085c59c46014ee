/** A length of time in its one or two largest units: `3s`, `5m`, `2h 10m`, `3d`. */
export function showDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours >= 24) return `${Math.floor(hours / 24)}d`
  return minutes % 60 === 0 ? `${hours}h` : `${hours}h ${minutes % 60}m`
}

const UNITS = ['kB', 'MB', 'GB', 'TB', 'PB'] as const

/** A size with a decimal unit: `512 B`, `48.2 MB`. */
export function showBytes(bytes: number): string {
  let size = bytes
  let unit = 'B'
  for (const larger of UNITS) {
    if (size < 1000) break
    size /= 1000
    unit = larger
  }
  return unit === 'B' ? `${size} B` : `${size.toFixed(1)} ${unit}`
}

/** `1 mission`, `2 missions`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : noun.endsWith('s') ? 'es' : 's'}`
}
