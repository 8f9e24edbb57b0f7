import { afterEach, describe, expect, test, vi } from 'vitest'
import { openStore } from '../../../harness/history/store/open-store.ts'
import { type S3Account, type StrictS3, startStrictS3 } from './strict-s3.ts'

afterEach(() => vi.unstubAllEnvs())

const account: S3Account = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  region: 'eu-central-1',
}
const key = 'ab'.repeat(32)
const object = `ab/${key}.verdict`

/** A store opened with what a CI job has in its environment. */
function opened(place: string, { endpoint }: StrictS3, { accessKeyId, secretAccessKey, sessionToken = '', region }: S3Account) {
  const environment = {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
    AWS_REGION: region,
    AWS_ENDPOINT_URL_S3: endpoint,
  }
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
  const warned: string[] = []
  return { store: openStore(place, (message) => warned.push(message)), warned }
}

describe('a store that checks signatures as S3 does', () => {
  test.each<[what: string, account: S3Account]>([
    ['a key', account],
    ['a key and a session token', { ...account, sessionToken: 'FwoGZXIvYXdzE//+=a/b' }],
    ['a key of another region', { ...account, region: 'us-gov-west-1' }],
  ])('takes and gives verdicts for %s', async (_, own) => {
    await using server = await startStrictS3(own)
    const { store, warned } = opened('s3://verdicts/some/prefix', server, own)
    expect(await store.read(key)).toBeUndefined()
    await store.write(key, 'a verdict – ü')
    expect([await store.read(key), warned, server.refused]).toEqual(['a verdict – ü', [], []])
    expect([...server.objects]).toEqual([[`/verdicts/some/prefix/${object}`, 'a verdict – ü']])
  })

  test.each([
    ['a b', 'a%20b'],
    ['a+b', 'a%2Bb'],
    ["it's (new)!*", 'it%27s%20%28new%29%21%2A'],
    ['größe/日本', 'gr%C3%B6%C3%9Fe/%E6%97%A5%E6%9C%AC'],
    ['100%/%41', '100%25/%2541'],
    ['a=b&c?d#e~f.g_h-i', 'a%3Db%26c%3Fd%23e~f.g_h-i'],
  ])('has the prefix "%s" as %s', async (prefix, sent) => {
    await using server = await startStrictS3(account)
    const { store, warned } = opened(`s3://verdicts/${prefix}`, server, account)
    await store.write(key, 'a verdict')
    expect([await store.read(key), warned]).toEqual(['a verdict', []])
    expect([...server.objects.keys()]).toEqual([`/verdicts/${sent}/${object}`])
  })

  test.each<[what: string, given: Partial<S3Account>, code: string]>([
    ['another secret', { secretAccessKey: `${account.secretAccessKey}x` }, 'SignatureDoesNotMatch'],
    ['another key', { accessKeyId: 'AKIDOTHER' }, 'InvalidAccessKeyId'],
    ['another region', { region: 'eu-west-1' }, 'AuthorizationHeaderMalformed'],
    ['a session token that is none of it', { sessionToken: 'stale' }, 'InvalidToken'],
  ])('refuses %s, and says so', async (_, given, code) => {
    await using server = await startStrictS3(account)
    const reader = opened('s3://verdicts/x', server, { ...account, ...given })
    expect(await reader.store.read(key)).toBeUndefined()
    const writer = opened('s3://verdicts/x', server, { ...account, ...given })
    await writer.store.write(key, 'a verdict')
    expect([...reader.warned, ...writer.warned]).toEqual([
      expect.stringContaining(`it cannot be read: 403 ${code}`),
      expect.stringContaining(`it cannot be written: 403 ${code}`),
    ])
    expect([server.refused, [...server.objects]]).toEqual([[code, code], []])
  })
})
