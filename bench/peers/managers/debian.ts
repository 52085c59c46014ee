import { run } from '../command.ts'

/** For programs that do not say which version they are. */
export async function debianVersion(name: string): Promise<string> {
  const command = ['dpkg-query', '-W', '-f', '${Version}', name] as const
  const { stdout } = await run({ argv: command, env: { PATH: process.env['PATH'] ?? '' }, codes: [0, 1] })
  return stdout.trim() || 'of unknown version'
}
