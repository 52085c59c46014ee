export interface LogOptions {
  /** Only this run. Default: all. */
  readonly run?: number
  /** Only the last lines. */
  readonly tail?: number
  /** Only what was written since; milliseconds since 1970. */
  readonly since?: number
  /** Go on with what is written from now, until the mission has exited. */
  readonly follow: boolean
  /** The bytes of an agent that talks as it wrote them, and not what they say. */
  readonly raw?: boolean
  readonly signal: AbortSignal
}

/** Output of a run. */
export interface LogBytes {
  readonly kind: 'bytes'
  readonly run: number
  readonly offset: number
  readonly bytes: Uint8Array
  /** Where what comes behind it begins, when that is not where its bytes end. */
  readonly next?: number
}

/** A line of ours, without its end. */
export interface LogNotice {
  readonly kind: 'notice'
  readonly run: number
  readonly at: number | null
  readonly text: string
  /** Where the output behind it begins, when that is not where the output before it ends. */
  readonly next?: number
}

export type LogPiece = LogBytes | LogNotice
