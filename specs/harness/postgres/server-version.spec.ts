import { expect, test } from 'vitest'
import { EnvironmentError } from '../../../harness/errors.ts'
import { supportedVersion } from '../../../harness/postgres/server-version.ts'

test('a version is read from what servers say', () => {
  expect(supportedVersion('15.18 (Debian 15.18-1.pgdg12)')).toEqual({ text: '15.18', major: 15 })
  expect(supportedVersion('18beta1')).toEqual({ text: '18beta1', major: 18 })
})

test('one that is too old is refused by name', () => {
  expect(() => supportedVersion('13.9')).toThrow(EnvironmentError)
  expect(() => supportedVersion('13.9')).toThrow('PostgreSQL 13.9 is too old')
})
