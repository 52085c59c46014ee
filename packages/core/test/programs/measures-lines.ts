/** Answers each line with how long it is. Node reads from a pipe without blocking, and sets that on what it was given. */
import { createInterface } from 'node:readline'

createInterface({ input: process.stdin }).on('line', (line) => process.stdout.write(`${line.length}\n`))
