import { once } from 'node:events'
import type { CopyStreamQuery } from 'pg-copy-streams'

const CHUNK_BYTES = 64 * 1024

/** What came of a COPY that the server did not refuse. */
export type CopyDone = { readonly rowCount: number } | { readonly thrown: unknown }

/**
 * Send a source as the rows of a COPY, and wait until the server has taken them.
 *
 * @returns What the source threw, or the rows that were taken.
 * @throws What the server or the connection says.
 */
export async function sendCopy(
  stream: CopyStreamQuery,
  source: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): Promise<CopyDone> {
  // Without a listener a refusal that comes between two writes would be an uncaught exception.
  const refused: unknown[] = []
  stream.on('error', (error) => refused.push(error))
  const finished = once(stream, 'finish')
  finished.catch(() => undefined)
  try {
    for await (const chunk of inChunks(source)) {
      if (refused.length > 0) break
      // One chunk under way at a time: the driver forgets its connection when the server refuses, and may not be left with chunks to send then.
      if (!stream.write(chunk)) await Promise.race([once(stream, 'drain'), finished])
    }
  } catch (error) {
    if (refused.length > 0) throw refused[0]
    // Sends CopyFail, and the server's answer to it leaves the session usable.
    const closed = once(stream, 'close').catch(() => undefined)
    stream.destroy(error instanceof Error ? error : new Error(String(error)))
    await closed
    return { thrown: error }
  }
  if (refused.length > 0) throw refused[0]
  stream.end()
  await finished
  return { rowCount: stream.rowCount }
}

/** Few large writes instead of many small ones. */
async function* inChunks(source: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>): AsyncIterable<Buffer | string> {
  let text = ''
  for await (const part of source) {
    if (typeof part === 'string') {
      text += part
      if (text.length < CHUNK_BYTES) continue
      yield text
      text = ''
    } else {
      if (text !== '') yield text
      text = ''
      yield Buffer.from(part.buffer, part.byteOffset, part.byteLength)
    }
  }
  if (text !== '') yield text
}
