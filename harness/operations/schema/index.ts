export { type Drift, type DriftFound, driftOn, findDrift, type Live, readLive } from './drift.ts'
export { renderDrift } from './render-drift.ts'
