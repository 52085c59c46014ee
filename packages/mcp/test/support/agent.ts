/** An agent's side of the protocol: the official client, and answers in the shapes that tests look at. */
import { Client, type Transport } from '@modelcontextprotocol/client'
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/client/stdio'

export interface Seen {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly over: boolean
  readonly parent: string | null
  readonly command: string
  readonly cwd: string
  readonly exit_code: number | null
  readonly exit_class: string | null
  readonly turn: string | null
  readonly questions: number
}

/** What the tools answer, all in one: each test knows what it asked for. */
export interface Answered {
  readonly mission: Seen
  readonly missions: readonly Seen[]
  readonly left_out: number
  readonly done: boolean
  readonly over: readonly Seen[]
  readonly running: readonly Seen[]
  readonly forgotten: readonly string[]
  readonly text: string
  readonly truncated: boolean
  readonly output: string | null
  readonly message: string
  readonly answer: { readonly ok: boolean; readonly text: string } | null
  readonly why: readonly string[]
  readonly evidence: string | null
  readonly questions: readonly { readonly id: string; readonly tool: string; readonly summary: string }[]
  readonly decision: string
}

export interface Agent extends AsyncDisposable {
  readonly client: Client
  /** Calls a tool that must succeed. */
  ok(name: string, given?: Readonly<Record<string, unknown>>): Promise<Answered>
  /** Calls a tool that must fail, and gives what the agent is told. */
  refused(name: string, given?: Readonly<Record<string, unknown>>): Promise<string>
  /** Starts a mission and gives its id. */
  start(given: Readonly<Record<string, unknown>>): Promise<string>
}

/** The way to a program of Node that speaks on stdin and stdout, in the little of our environment that an agent hands on. */
export function overStdio(
  args: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): StdioClientTransport {
  return new StdioClientTransport({
    command: process.execPath,
    args: [...args],
    cwd,
    env: { ...getDefaultEnvironment(), ...env },
  })
}

/** `auto`: begins with the newest release of the protocol, which is another handshake. */
export async function connectAgent(transport: Transport, mode: 'legacy' | 'auto' = 'legacy'): Promise<Agent> {
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } })
  await client.connect(transport)

  async function call(
    name: string,
    given: Readonly<Record<string, unknown>>,
  ): Promise<{ readonly failed: boolean; readonly text: string; readonly structured: unknown }> {
    const { content, isError, structuredContent } = await client.callTool(
      { name, arguments: { ...given } },
      { timeout: 60_000 },
    )
    const text = content.map((block) => (block.type === 'text' ? block.text : '')).join('')
    return { failed: isError === true, text, structured: structuredContent }
  }

  async function ok(name: string, given: Readonly<Record<string, unknown>> = {}): Promise<Answered> {
    const { failed, text, structured } = await call(name, given)
    if (failed) throw new Error(`${name} failed: ${text}`)
    // The client has held it against the schema that the server gave.
    return structured as Answered
  }

  return {
    client,
    ok,
    refused: async (name, given = {}) => {
      const { failed, text } = await call(name, given)
      if (!failed) throw new Error(`${name} did not fail: ${text}`)
      return text
    },
    start: async (given) => (await ok('start_mission', given)).mission.id,
    [Symbol.asyncDispose]: () => client.close(),
  }
}
