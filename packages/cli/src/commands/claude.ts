import { command, type Command } from '../command-line/command.ts'
import { choice, flag, list, value } from '../command-line/flags.ts'
import { text } from '../command-line/values.ts'
import { CommandError, UsageError } from '../failures.ts'
import { present, startFlags, startRequest } from '../start/flags.ts'
import { start } from '../start/start.ts'

const flags = {
  ...startFlags,
  'permission-mode': choice(
    ['default', 'manual', 'acceptEdits', 'plan', 'auto', 'dontAsk', 'bypassPermissions'],
    'What it may do without asking',
  ),
  allow: list('rule', 'A rule of what it may do without asking: "Bash(git *)"', text),
  disallow: list('rule', 'A rule of what it may not do', text),
  'system-prompt': value('text', "In place of the agent's own", text),
  'append-system-prompt': value('text', "On top of the agent's own", text),
  settings: value('file', 'Its settings, as a file or as JSON', text),
  'mcp-config': value('file', 'Its MCP servers, as a file or as JSON', text),
  orchestrator: flag('Give it tools to run missions of its own'),
  'add-dir': list('folder', 'Another folder that it may work in', text),
  'fallback-model': value('name', 'Answers when the model is overloaded', text),
}

export const claude: Command = command({
  words: {
    usage: 'run [<prompt>…] [-- <arguments>…]',
    least: 1,
    most: Infinity,
    kind: 'other',
    passesOn: true,
  },
  flags,
  notes:
    'Short for overmind run --provider claude. A task answers its prompt and ends; a session takes messages ' +
    '(overmind send). Questions of the agent wait in overmind inbox. What stands behind -- are arguments of the ' +
    'claude command itself. Needs Claude Code on your PATH, or its path in OVERMIND_CLAUDE.',
  examples: [
    ['claude run --follow "explain OTP in three sentences"', 'One question, one answer'],
    ['claude run --type session --name helper --permission-mode plan', 'An agent that waits for messages'],
    ['claude run "mend the tests" --max-cost 2 --allow "Bash(npm test *)"', 'With a budget and a rule'],
  ],
  run: async ([verb, ...words], given, behind) => {
    if (verb !== 'run') {
      throw new UsageError(
        `there is no command "claude ${verb ?? ''}"; did you mean "claude run"?`,
        'unknown_command',
      )
    }
    const prompt = words.join(' ')
    if (given.type !== 'session' && prompt.trim() === '') {
      throw new CommandError('empty_command', 'there is no prompt')
    }
    const options = present({
      permission_mode: given['permission-mode'],
      allowed_tools: given.allow.length === 0 ? undefined : given.allow,
      disallowed_tools: given.disallow.length === 0 ? undefined : given.disallow,
      system_prompt: given['system-prompt'],
      append_system_prompt: given['append-system-prompt'],
      settings: given.settings,
      mcp_config: given['mcp-config'],
      orchestrator: given.orchestrator ? true : undefined,
      add_dirs: given['add-dir'].length === 0 ? undefined : given['add-dir'],
      fallback_model: given['fallback-model'],
      args: behind.length === 0 ? undefined : behind,
    })
    return start({ ...startRequest(given), provider: 'claude', command: prompt, options }, given)
  },
})
