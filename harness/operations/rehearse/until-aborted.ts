import type { Copy } from './copy.ts'

const cancel = `
SELECT pg_catalog.pg_cancel_backend(pid) FROM pg_catalog.pg_stat_activity
 WHERE datname = current_database() AND application_name = current_setting('application_name') AND pid <> pg_catalog.pg_backend_pid()`

/** While it is open, an abort cancels whatever our sessions run on the copy at that moment. */
export function untilAborted(copy: Copy, signal: AbortSignal): Disposable {
  const onAbort = () => {
    const cancelled = async () => {
      await using session = await copy.observe()
      await session.script(cancel)
    }
    // The server may be gone. Then nothing runs there.
    cancelled().catch(() => undefined)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', onAbort) }
}
