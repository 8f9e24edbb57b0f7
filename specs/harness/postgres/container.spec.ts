import { describe, expect, test } from 'vitest'
import { containerEngine, sweepContainers } from '../../../harness/postgres/container.ts'
import { startCluster } from '../../../harness/postgres/index.ts'
import { become, startChildRun } from './child-process.ts'

const image = process.env.GODWIT_TEST_CONTAINER_IMAGE ?? ''
const engine = await containerEngine()
const why = engine === undefined ? 'no container engine answers' : image === '' ? 'GODWIT_TEST_CONTAINER_IMAGE is not set' : ''
if (why !== '') process.stderr.write(`container specs are skipped: ${why}\n`)

/** Ids of the containers that carry our label. */
async function containers(): Promise<readonly string[]> {
  const all = await engine?.container.dockerode.listContainers({ all: true, filters: { label: ['dev.godwit.owner'] } })
  return (all ?? []).map(({ Id }) => Id)
}

describe.skipIf(why !== '')('a cluster in a container', () => {
  test('serves databases, templates and an owner, and is gone afterwards', async () => {
    const cluster = await startCluster({ kind: 'container', image })
    expect(cluster).toMatchObject({ kind: 'container', superuser: true, owner: 'godwit_owner' })
    const template = await cluster.template('spec', async (made) => {
      await using builder = await made.connect({ as: 'owner' })
      await builder.script('CREATE TABLE t (x int); INSERT INTO t VALUES (1)')
    })
    await using clone = await cluster.clone(template)
    await using session = await clone.connect({ as: 'owner' })
    expect(await session.one(`SELECT x, session_user AS "user", current_setting('fsync') AS fsync FROM t`)).toEqual({
      x: 1,
      user: 'godwit_owner',
      fsync: 'off',
    })
    await session.close()
    await clone.drop()
    const [container] = await containers()
    await cluster.stop()
    expect(await containers()).not.toContain(container)
  })

  test('is gone after SIGINT', async () => {
    await using run = await startChildRun([`docker:${image}`])
    run.process.kill('SIGINT')
    expect([await run.ended, await containers()]).toEqual([130, []])
  })

  test('whose run was killed is swept by the next start', async () => {
    await using run = await startChildRun([`docker:${image}`])
    const left = await containers()
    expect(left).toHaveLength(1)
    expect(engine === undefined ? [] : await sweepContainers(engine)).toEqual([])
    run.process.kill('SIGKILL')
    await run.ended
    expect(engine === undefined ? [] : await sweepContainers(engine)).toEqual(left)
    await become(async () => expect(await containers()).toEqual([]))
  })

  test('from an image that is nowhere is an error of the environment', async () => {
    await expect(startCluster({ kind: 'container', image: 'localhost:1/godwit/nowhere:1' })).rejects.toMatchObject({
      exitCode: 3,
      message: 'no cluster from image "localhost:1/godwit/nowhere:1"',
    })
  })
})
