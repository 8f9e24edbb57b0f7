import { uuidOf } from '../../fixtures/kv/kinds.ts'
import type { MadeRecord } from '../../fixtures/kv/store-arbitrary.ts'

/** A valid client; `more` fields stand beside its name and address. */
export const client = (n: number, more: object = {}): MadeRecord => ({
  key: `client:${uuidOf('clients', n)}`,
  text: JSON.stringify({ name: `Client ${n}`, email: `c${n}@acme.example`, ...more }),
  kind: 'clients',
  faults: [],
})

/** A valid catalog of a client. */
export const catalog = (n: number, of: number): MadeRecord => ({
  key: `catalog:${uuidOf('catalogs', n)}`,
  text: JSON.stringify({ clientId: uuidOf('clients', of), name: 'Gifts', slug: `gifts-${n}` }),
  kind: 'catalogs',
  faults: [],
})
