import { parseClusterRequest, startCluster } from '../../../harness/postgres/index.ts'

// A run of its own process: starts a cluster, tells its address, and waits (or, told to, comes to its end without stopping it).
const [request, then] = process.argv.slice(2)
const cluster = await startCluster(parseClusterRequest(request), { allowAnyServer: true })
const database = await cluster.createDatabase()
await cluster.template('child', async () => undefined)
process.stdout.write(`${JSON.stringify({ address: cluster.address, database: database.name })}\n`)
if (then !== 'forget') setInterval(() => undefined, 60_000)
