/** The file is not a store of ours, or is damaged: it should be set aside. */
export class StoreDamaged extends Error {
  override readonly name = 'StoreDamaged'
}
