import { type ClusterRequest, type StartClusterOptions, type StartedCluster, startCluster } from '../postgres/index.ts'

/** A cluster that has started already when the next verification asks for it. Each is used once, so that nothing is left in it. */
export class SpareCluster implements AsyncDisposable {
  #spare: { readonly key: string; readonly starting: Promise<StartedCluster> } | undefined
  #request: ClusterRequest | undefined

  /** The spare one, where it is of the kind that is asked for; else one that is started now. */
  readonly take = async (request: ClusterRequest, options: StartClusterOptions = {}): Promise<StartedCluster> => {
    this.#request = request
    const spare = this.#spare
    this.#spare = undefined
    if (spare?.key === JSON.stringify(request)) return spare.starting
    await stop(spare?.starting)
    return startCluster(request, options)
  }

  /** Start another one, of the kind that was asked for last unless another is named. */
  prepare(request = this.#request): void {
    if (this.#spare !== undefined || request === undefined) return
    const starting = startCluster(request)
    // Who takes it hears of the failure.
    starting.catch(() => undefined)
    this.#spare = { key: JSON.stringify(request), starting }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stop(this.#spare?.starting)
    this.#spare = undefined
  }
}

async function stop(starting: Promise<StartedCluster> | undefined): Promise<void> {
  const cluster = await starting?.catch(() => undefined)
  await cluster?.stop()
}
