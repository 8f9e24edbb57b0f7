import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to a server that is cut, for all connections together, at a given point. */
export interface CutConnection extends AsyncDisposable {
  readonly url: string
}

export interface CutAt {
  /** The first piece that a client sends and that this is true of does not arrive. */
  readonly sent?: (piece: Buffer) => boolean
  /** The same for what the server sends. */
  readonly received?: (piece: Buffer) => boolean
}

/** Close of a portal as pg-cursor names them: it follows the last row, before the server says that it is ready. */
export function closesPortal(piece: Buffer): boolean {
  return /C\0\0..PC_\d+\0/s.test(piece.toString('latin1'))
}

/**
 * Pass everything on to the server of a URL on loopback, until the point where all connections are cut: what a server that is killed at that point
 * looks like to its client.
 */
export async function cutConnection(url: string, { sent = () => false, received = () => false }: CutAt): Promise<CutConnection> {
  const target = new URL(url)
  const sockets = new Set<Socket>()
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  const server = createServer((client) => {
    const upstream = connect({ host: target.hostname, port: Number(target.port) })
    for (const [from, to, ends] of [
      [client, upstream, sent],
      [upstream, client, received],
    ] as const) {
      sockets.add(from)
      from.setNoDelay(true)
      from.on('error', () => undefined)
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
      from.on('data', (piece) => (ends(piece) ? cut() : to.write(piece)))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const ours = new URL(url)
  ours.hostname = '127.0.0.1'
  ours.port = String((server.address() as AddressInfo).port)
  return {
    url: ours.href,
    async [Symbol.asyncDispose]() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
