export { logKey, sightBlock, sightLine } from './describe.ts'
export { notify } from './notify.ts'
export type { Sight } from './sight.ts'
export { type WatchOptions, watchDatabase } from './watch-database.ts'
