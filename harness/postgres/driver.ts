import type pg from 'pg'
import { decodedBy } from './decode.ts'

/** pg, and what reads and writes COPY and cursors with it. */
export interface Driver {
  readonly Client: typeof pg.Client
  readonly Cursor: typeof import('pg-cursor')
  readonly copyFrom: typeof import('pg-copy-streams').from
  readonly copyTo: typeof import('pg-copy-streams').to
  readonly decodedTypes: ReturnType<typeof decodedBy>
}

let loading: Promise<Driver> | undefined

/** Load the driver, once: what comes from the cache alone needs none, and a server that starts meanwhile takes longer than it. */
export function loadDriver(): Promise<Driver> {
  loading ??= load()
  return loading
}

async function load(): Promise<Driver> {
  const [{ default: driver }, { default: Cursor }, { from, to }] = await Promise.all([
    import('pg'),
    import('pg-cursor'),
    import('pg-copy-streams'),
  ])
  return { Client: driver.Client, Cursor, copyFrom: from, copyTo: to, decodedTypes: decodedBy(driver.types) }
}
