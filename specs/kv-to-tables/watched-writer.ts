import type { Writer } from '../../migrations/kv-to-tables/run/connection.ts'

/** A writer that awaits something before each of its calls. */
export function watchedWriter(own: Writer, before: () => Promise<void>): Writer {
  return {
    query: async (sql, parameters) => before().then(() => own.query(sql, parameters)),
    script: async (sql) => before().then(() => own.script(sql)),
    copyFrom: async (sql, source) => before().then(() => own.copyFrom(sql, source)),
  }
}
