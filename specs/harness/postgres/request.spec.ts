import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { InputError } from '../../../harness/errors.ts'
import { clusterRequests, installedMajors, parseClusterRequest, startCluster } from '../../../harness/postgres/index.ts'

describe('cluster request', () => {
  test('nothing asks for the newest embedded binaries', () => {
    expect([undefined, '', ' ', 'embedded'].map((text) => parseClusterRequest(text))).toEqual(Array(4).fill({ kind: 'embedded' }))
  })

  test('a number, an image and a URL are told apart', () => {
    expect(['17', 'docker:postgres:17-alpine', 'postgres://u@h/d', 'postgresql:///d'].map((text) => parseClusterRequest(text))).toEqual([
      { kind: 'embedded', major: 17 },
      { kind: 'container', image: 'postgres:17-alpine' },
      { kind: 'url', url: 'postgres://u@h/d' },
      { kind: 'url', url: 'postgresql:///d' },
    ])
  })

  test.prop([fc.string({ minLength: 1 }).filter((text) => !/^\s*(\d{1,2}|docker:\S+|postgres(ql)?:\/\/.*|embedded)?\s*$/s.test(text))])(
    'any other text is refused with what is allowed',
    (text) => {
      expect(() => parseClusterRequest(text)).toThrow(
        expect.objectContaining({ exitCode: 2, hint: expect.stringContaining('docker:IMAGE') }),
      )
    },
  )

  test('a mistyped URL is not repeated', () => {
    const refusal = (): unknown => parseClusterRequest('postgre://me:s3cret@host/db')
    expect(refusal).toThrow(InputError)
    expect(refusal).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('s3cret'), hint: expect.not.stringContaining('s3cret') }),
    )
  })

  test('a version that is not installed is refused with those that are', async () => {
    await expect(startCluster({ kind: 'embedded', major: 9 })).rejects.toMatchObject({
      exitCode: 2,
      detail: `Installed: ${installedMajors().join(', ')}.`,
    })
  })

  test('a list is none where one cluster is needed, and each of its entries is one', () => {
    for (const list of ['15,18', 'docker:a,docker:b', '15, 18'])
      expect(() => parseClusterRequest(list)).toThrow('several clusters are named where one is needed')
    expect(clusterRequests('15, docker:a:1')).toEqual(['15', 'docker:a:1'])
    expect([clusterRequests(undefined), clusterRequests('18')]).toEqual([[undefined], ['18']])
    expect(clusterRequests('postgres://a,b/c')).toEqual(['postgres://a,b/c'])
  })
})
