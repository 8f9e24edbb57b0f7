import { createRequire } from 'node:module'
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
  // What they are, CommonJS: an import would have Node.js look for the names that each file of theirs exports first.
  const require = createRequire(import.meta.url)
  const driver = underNavigator(() => require('pg') as typeof pg)
  const Cursor = require('pg-cursor') as typeof import('pg-cursor')
  const { from, to } = require('pg-copy-streams') as typeof import('pg-copy-streams')
  return { Client: driver.Client, Cursor, copyFrom: from, copyTo: to, decodedTypes: decodedBy(driver.types) }
}

/** Node.js 20 says nowhere what runs: pg asks `Response` then, by which Node.js loads its HTTP client (20 ms). From 21 on there is a navigator. */
function underNavigator<T>(load: () => T): T {
  if ('navigator' in globalThis) return load()
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: { userAgent: `Node.js/${process.versions.node}` } })
  try {
    return load()
  } finally {
    Reflect.deleteProperty(globalThis, 'navigator')
  }
}
