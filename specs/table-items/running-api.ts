import pg from 'pg'
import { createApi } from '../../fixtures/apps/pos/items/api.ts'
import { createMetrics, type Metrics } from '../../fixtures/apps/pos/items/metrics.ts'
import type { PointOfSale } from './point-of-sale.ts'

export interface Answer {
  readonly status: number
  readonly body: unknown
}

/** The API, listening on a port of its own. */
export interface RunningApi extends AsyncDisposable {
  readonly metrics: Metrics
  /** `METHOD /path` of every route, its parameters as `{name}`. */
  readonly routes: readonly string[]
  /**
   * @param body  A text is sent as it is, any other value as JSON.
   * @param type  What the body is said to be; default JSON.
   */
  send(request: { readonly method: string; readonly url: string; readonly body?: unknown; readonly type?: string }): Promise<Answer>
}

export async function startApi(pos: PointOfSale): Promise<RunningApi> {
  const pool = new pg.Pool({ connectionString: pos.database.url(), max: 4 })
  pool.on('error', () => undefined)
  const metrics = createMetrics()
  const api = createApi(pool, metrics)
  const address = await api.listen({ port: 0, host: '127.0.0.1' })
  return {
    metrics,
    routes: routesOf(api.printRoutes({ commonPrefix: false })),
    async send({ method, url, body, type = 'application/json' }) {
      const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
      const response = await fetch(`${address}${url}`, {
        method,
        ...(text === undefined ? {} : { body: text, headers: { 'content-type': type } }),
      })
      const json = response.headers.get('content-type')?.startsWith('application/json') === true
      return { status: response.status, body: json ? await response.json() : await response.text() }
    },
    async [Symbol.asyncDispose]() {
      await api.close()
      await pool.end()
    },
  }
}

/** Fastify prints its routes as a tree, where each line adds to the path of the line that it hangs on. */
function routesOf(tree: string): readonly string[] {
  const above: string[] = []
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', part = '', methods = ''] = /^([│ ]*)[├└]── (\S+)(?: \((.*)\))?$/.exec(line) ?? []
    if (part === '') return []
    const depth = indent.length / 4
    above.splice(depth, above.length, (above[depth - 1] ?? '') + part)
    const path = above[depth]?.replaceAll(/:(\w+)/g, '{$1}') ?? ''
    // Fastify answers HEAD wherever it answers GET.
    return methods.split(', ').flatMap((method) => (method === '' || method === 'HEAD' ? [] : [`${method} ${path}`]))
  })
}
