/** What a program is called with. */
export type Argument = string | PrivateArgument

/** A text that other users must not see, as they see every argument: the program gets the path of a file that has it. */
export interface PrivateArgument {
  readonly text: string
  /** Stands before the path, such as `--settings=`. */
  readonly before: string
}
