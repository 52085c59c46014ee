/** More than anybody writes. A document takes hundreds of times its text in memory. Characters. */
export const LARGEST: number = 1024 * 1024
