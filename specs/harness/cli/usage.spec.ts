import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { formatNames } from '../../../harness/formats/index.ts'
import { runBin } from './run-bin.ts'

describe('usage', () => {
  test.each([
    [['verify', '--bogus'], "godwit: unknown option '--bogus'"],
    [['verify', '--run', '5'], "godwit: unknown option '--run'\n(Did you mean --runs?)"],
    [['verify', '--runs'], "godwit: option '--runs <n>' argument missing"],
    [['verify', '--runs', '0'], "godwit: option '--runs <n>' argument '0' is invalid. It is not a whole number from 1 on."],
    [['verify', '--rows', '1e3'], "godwit: option '--rows <n>' argument '1e3' is invalid. It is not a whole number from 1 on."],
    [['verify', '--rows=-1'], "godwit: option '--rows <n>' argument '-1' is invalid. It is not a whole number from 1 on."],
    [
      ['verify', '--time-limit', '5 parsecs'],
      `godwit: option '--time-limit <duration>' argument '5 parsecs' is invalid. It is not a duration such as "90s", "5m" or "1h30m".`,
    ],
    [
      ['verify', '--fail-on', 'never'],
      "godwit: option '--fail-on <severity>' argument 'never' is invalid. Allowed choices are error, warning.",
    ],
    [['gate', '--cache'], "godwit: option '--cache <where>' argument missing"],
    [['baseline', '--prun'], "godwit: unknown option '--prun'\n(Did you mean --prune?)"],
    [['init', 'a', 'b'], "godwit: too many arguments for 'init'. Expected 1 argument but got 2."],
    [['verify', '--seed', ''], "godwit: option '--seed <s>' argument '' is invalid. It is empty."],
    [['replay'], "godwit: missing required argument 'file'"],
    [['replay', 'a', 'b'], "godwit: too many arguments for 'replay'. Expected 1 argument but got 2."],
    [['quux'], "godwit: unknown command 'quux'"],
    [['verfy'], "godwit: unknown command 'verfy'\n(Did you mean verify?)"],
  ])('%j is refused in one message with exit code 2', async (args, message) => {
    expect(await runBin(args)).toEqual({ code: 2, stdout: '', stderr: `${message}\n` })
  })

  test('a format that nobody knows is refused with those that are known', async () => {
    const { code, stdout, stderr } = await runBin(['verify', '--format', 'ecto'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('godwit: unknown format "ecto"\n')
    expect(stderr).toContain(`Known formats: auto, ${formatNames.join(', ')}.`)
  })

  test('a variable of the environment is refused like the flag that it stands for, and an empty one counts as not set', async () => {
    const refused = await runBin(['gate'], { env: { GODWIT_RUNS: 'many', GODWIT_ROWS: '' } })
    const message = "option '--runs <n>' value 'many' from env 'GODWIT_RUNS' is invalid. It is not a whole number from 1 on."
    expect(refused).toEqual({ code: 2, stdout: '', stderr: `godwit: ${message}\n` })
  })

  test('the version is the one of package.json', async () => {
    const { version } = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8'))
    expect(await runBin(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  })

  test.each([[['--help']], [['verify', '--help']]])('%j names every exit code', async (args) => {
    const { code, stdout, stderr } = await runBin(args)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout.match(/^ {2}(\d+) /gm)?.map(Number)).toEqual([0, 1, 2, 3, 4, 130])
  })

  test('without a command it shows its help and exits with 2', async () => {
    const { code, stdout, stderr } = await runBin([])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('Usage: godwit')
  })

  test('a reader that leaves early is no error', () => {
    const bin = new URL('../../../bin/godwit.mjs', import.meta.url).pathname
    const { stderr, status } = spawnSync(
      'bash',
      ['-c', `"$0" "$1" verify --help | true; exit "\${PIPESTATUS[0]}"`, process.execPath, bin],
      {
        encoding: 'utf8',
      },
    )
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  })
})
