import type { StandIn } from './stand-in.ts'
import { vector } from './vector.ts'

/** Extensions that SQL stands in for where the server does not have them, by name. */
export const standIns: ReadonlyMap<string, StandIn> = new Map<string, StandIn>([['vector', vector]])
