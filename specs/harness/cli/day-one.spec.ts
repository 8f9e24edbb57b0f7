import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { runBin } from './run-bin.ts'
import { scratchRepository, soundPair } from './scratch-repository.ts'

const run = promisify(execFile)

describe('the first day', () => {
  test.each(['18.20.4', '20.18.3', '16.0.0'])('Node.js %s gets one clear line', async (version) => {
    const pretend = `Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`
    const ran = await run(process.execPath, [`--import=data:text/javascript,${encodeURIComponent(pretend)}`, 'bin/godwit.mjs']).catch(
      ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
    )
    expect(ran).toEqual({ code: 3, stdout: '', stderr: `godwit: Node.js 20.19 or later is needed, and this is ${version}\n` })
  })

  test('before that check nothing is loaded that an old Node.js would not know', async () => {
    const text = await readFile('bin/godwit.mjs', 'utf8')
    expect([...text.matchAll(/^import .* from '(.*)'$/gm)].map(([, name]) => name)).toEqual(['node:fs', 'node:url'])
    expect(text.indexOf('process.exit(3)')).toBeLessThan(text.indexOf('await import('))
    const { engines } = JSON.parse(await readFile('package.json', 'utf8'))
    expect(engines.node).toBe('>=20.19')
  })

  test('doctor starts a server, and says that it works', { timeout: 60_000 }, async () => {
    const { code, stdout } = await runBin(['doctor'])
    expect(stdout).toMatch(/^✓ Trial server +PostgreSQL \d+\.\d+ started, made a database, answered and stopped in \d+\.\d s\.$/m)
    expect(code).toBe(0)
  })

  test('a folder without migrations is told the three most likely causes, and no marker of each tool', async () => {
    await using repository = await scratchRepository({ 'src/README.md': '' })
    const { code, stdout, stderr } = await repository.runHere(['verify', 'src'])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(
      /^godwit: "src" holds no migrations\nThe most likely causes:\n1\. They are in another folder: .*\n2\. They have no mark of a tool: .*--format sql.*\n3\. They are programs that their tool runs: .*\n$/,
    )
  })

  test('without Testcontainers a container is refused with what installs it, and doctor says so', { timeout: 60_000 }, async () => {
    await using repository = await scratchRepository(soundPair('step'))
    const hooks = `export async function resolve(name, context, next) {
      if (/^(@testcontainers\\/|testcontainers)/.test(name)) {
        throw Object.assign(new Error(\`Cannot find package '\${name}' imported from x\`), { code: 'ERR_MODULE_NOT_FOUND' })
      }
      return next(name, context)
    }`
    await mkdir(join(repository.directory, 'hooks'))
    await writeFile(join(repository.directory, 'hooks/hooks.mjs'), hooks)
    await writeFile(
      join(repository.directory, 'hooks/register.mjs'),
      "import { register } from 'node:module'\nregister('./hooks.mjs', import.meta.url)\n",
    )
    const env = { NODE_OPTIONS: `--import=${join(repository.directory, 'hooks/register.mjs')}` }
    const refused = await repository.run(['verify', 'step', '--postgres', 'docker:postgres:17'], env)
    expect([refused.code, refused.stdout, refused.stderr.split('\n').filter((line) => /^(godwit|Hint):/.test(line))]).toEqual([
      3,
      '',
      [
        'godwit: "--postgres docker:IMAGE" needs Testcontainers, which is not installed',
        'Hint: Run: npm i -D testcontainers @testcontainers/postgresql',
      ],
    ])
    const doctor = await repository.run(['doctor'], env)
    expect([doctor.code, doctor.stdout]).toEqual([0, expect.stringContaining('Testcontainers is not installed.')])
  })
})

test('what is imported by name from Vitest is exported by versions 4 and 5', async () => {
  const inBoth = ['afterAll', 'beforeAll', 'describe', 'expect', 'inject', 'test']
  const files = await readdir('harness/vitest')
  const named = await Promise.all(
    files.map(async (file) => {
      const [, names = ''] = /^import \{(.*)\} from 'vitest'$/m.exec(await readFile(join('harness/vitest', file), 'utf8')) ?? []
      return names
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '' && !name.startsWith('type '))
    }),
  )
  expect(named.flat().length).toBeGreaterThan(5)
  expect(named.flat().filter((name) => !inBoth.includes(name))).toEqual([])
})

test('the package has what a reader of the registry needs, the pages, and no source map', { timeout: 60_000 }, async () => {
  const described = JSON.parse(await readFile('package.json', 'utf8'))
  expect(described.repository.url).toBe('git+https://github.com/godwit-dev/godwit.git')
  expect([described.homepage, described.bugs].every((url) => URL.canParse(url))).toBe(true)
  expect(described.keywords).toContain('postgresql')
  expect(described.peerDependencies.vitest).toBe('^4.1 || ^5.0')
  expect(Object.keys(described.optionalDependencies)).toEqual(['@testcontainers/postgresql', 'testcontainers'])
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: resolve('.') })
  const files: readonly string[] = JSON.parse(stdout)[0].files.map(({ path }: { path: string }) => path)
  expect(files).toEqual(expect.arrayContaining(['README.md', 'docs/README.md', 'docs/command.md', 'bin/godwit.mjs']))
  const { compilerOptions } = JSON.parse(await readFile('tsconfig.build.json', 'utf8'))
  expect(compilerOptions.sourceMap).toBe(undefined)
})
