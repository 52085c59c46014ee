export type * from './blueprint.ts'
