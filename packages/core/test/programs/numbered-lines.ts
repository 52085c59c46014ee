// Writes numbered lines of a fixed length: as many bytes as asked for, all at once or with pauses.
import { writeSync } from 'node:fs'

const [bytes = '0', length = '64'] = process.argv.slice(2)
const lineBytes = Number(length)
const lines = Math.ceil(Number(bytes) / lineBytes)
const PER_WRITE = Math.max(1, Math.floor((256 * 1024) / lineBytes))

for (let first = 0; first < lines; first += PER_WRITE) {
  let block = ''
  for (let line = first; line < Math.min(lines, first + PER_WRITE); line += 1) {
    block += `${String(line).padStart(lineBytes - 1, '.')}\n`
  }
  let rest = Buffer.from(block, 'latin1')
  while (rest.length > 0) rest = rest.subarray(writeSync(1, rest))
}
