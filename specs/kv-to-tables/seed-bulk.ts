import type { Session } from 'godwit'
import type { BulkStore } from '../../fixtures/kv/bulk.ts'

/** Put a bulk store into `kv_store`. */
export async function seedBulk(session: Session, store: BulkStore): Promise<void> {
  await session.copyFrom('COPY kv_store (key, value) FROM STDIN', lines(store))
}

function* lines(store: BulkStore): Iterable<string> {
  for (const [key, text] of store.records()) yield `${key}\t${text.replaceAll('\\', '\\\\')}\n`
}
