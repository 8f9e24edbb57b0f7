import { type ClusterRequest, type StartClusterOptions, type StartedCluster, startCluster } from '../postgres/index.ts'

/**
 * A cluster that has started already when the next verification asks for it. Each is used once, so that nothing is left in it. Who is done
 * with one goes on while it ends; it is waited for at the end of the command.
 */
export class SpareCluster implements AsyncDisposable {
  readonly #ending: Promise<void>[] = []
  #spare: { readonly key: string; readonly starting: Promise<StartedCluster> } | undefined
  #request: ClusterRequest | undefined

  /** The spare one, where it is of the kind that is asked for; else one that is started now. */
  readonly take = async (request: ClusterRequest, options: StartClusterOptions = {}): Promise<StartedCluster> => {
    this.#request = request
    const spare = this.#spare
    this.#spare = undefined
    if (spare?.key === JSON.stringify(request)) return this.#lent(await spare.starting)
    await stop(spare?.starting)
    return this.#lent(await startCluster(request, options))
  }

  #lent(cluster: StartedCluster): StartedCluster {
    const leave = async () => {
      const ending = cluster.stop()
      // Whoever waits for it hears of a failure.
      ending.catch(() => undefined)
      this.#ending.push(ending)
    }
    return { ...cluster, [Symbol.asyncDispose]: leave }
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
    await Promise.all(this.#ending)
  }
}

async function stop(starting: Promise<StartedCluster> | undefined): Promise<void> {
  const cluster = await starting?.catch(() => undefined)
  await cluster?.stop()
}
