import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { validateWorkflow } from '@action-validator/core'
import { Job } from 'kubernetes-models/batch/v1'
import { PersistentVolumeClaim } from 'kubernetes-models/v1'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { builtCommand } from '../../build-command.ts'
import { lossyPair, type ScratchRepository, scratchRepository, soundPair } from '../cli/scratch-repository.ts'
import { timelessReports } from '../report/written-reports.ts'

const run = promisify(execFile)
const read = (file: string) => readFile(join('docs/workflows', file), 'utf8')

interface GitHubJob {
  readonly strategy?: { readonly matrix: { readonly shard: readonly number[] } }
  readonly steps: readonly { readonly uses?: string; readonly run?: string; readonly with?: Readonly<Record<string, string>> }[]
}

interface GitLabJob {
  readonly parallel?: number
  readonly script: readonly string[]
  readonly allow_failure?: { readonly exit_codes: readonly number[] }
}

interface KubernetesJob {
  readonly spec: {
    readonly completions?: number
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly command: readonly string[]
          readonly args: readonly string[]
          readonly env?: readonly { readonly name: string; readonly value: string }[]
        }[]
      }
    }
  }
}

const github = await read('github-matrix.yml')
const gitlab = await read('gitlab-parallel.yml')
const kubernetes = await read('kubernetes-job.yaml')
const manifests = parseAllDocuments(kubernetes).map((document) => document.toJS())

test('the page shows each workflow as it is in its file', async () => {
  const page = await readFile('docs/past-one-machine.md', 'utf8')
  for (const text of [github, gitlab, kubernetes]) expect(page).toContain(`\`\`\`yaml\n${text}\`\`\`\n`)
})

describe('the schema of its system accepts', () => {
  test('the workflow for GitHub, and refuses a key that it does not have', () => {
    expect(validateWorkflow(github)).toEqual({ actionType: 'workflow', errors: [] })
    expect(validateWorkflow(github.replace('fail-fast', 'fail-fst')).errors).not.toEqual([])
  })

  test('the jobs for GitLab, and refuses a key that it does not have', { timeout: 60_000 }, async () => {
    const validated = async (text: string) => {
      await using repository = await scratchRepository({ '.gitlab-ci.yml': text })
      const { directory } = repository
      await run('git', ['init', '-q', directory])
      return await run(process.execPath, [resolve('node_modules/gitlab-ci-local/src/index.js'), '--list'], { cwd: directory })
    }
    expect((await validated(gitlab)).stdout).toContain('godwit-shard: [3/3]')
    await expect(validated(gitlab.replace('exit_codes', 'exit_code'))).rejects.toThrow('Invalid .gitlab-ci.yml')
  })

  test('the manifest for Kubernetes, and refuses a value of another type, and a key that it does not have', { timeout: 60_000 }, () => {
    expect(manifests.map(({ kind }) => kind)).toEqual(['PersistentVolumeClaim', 'Job', 'Job'])
    for (const manifest of manifests) (manifest.kind === 'Job' ? new Job(manifest) : new PersistentVolumeClaim(manifest)).validate()
    const wrong = parse(JSON.stringify(manifests[1]))
    wrong.spec.completions = 'three'
    expect(() => new Job(wrong).validate()).toThrow('data/spec/completions must be integer')
    // The schema lets every key through; the types that are made from it do not.
    expect(typeErrors(manifests)).toEqual([])
    const misspelt = parse(JSON.stringify(manifests[1]).replace('"completionMode"', '"completionModes"'))
    expect(typeErrors([misspelt])).toEqual([expect.stringMatching(/completionModes.* does not exist/)])
  })
})

/** What TypeScript has against manifests as literals of their types. */
function typeErrors(all: readonly { readonly kind: string }[]): readonly string[] {
  const path = resolve('specs/harness/ci/manifests.ts')
  const imports = `import type { IJob } from 'kubernetes-models/batch/v1'\nimport type { IPersistentVolumeClaim } from 'kubernetes-models/v1'\n`
  const text = `${imports}${all.map((each, at) => `export const m${at}: I${each.kind} = ${JSON.stringify(each)}`).join('\n')}\n`
  const options: ts.CompilerOptions = {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: [],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  }
  const host = ts.createCompilerHost(options)
  const { readFile: readText, fileExists, getSourceFile } = host
  host.readFile = (file) => (file === path ? text : readText(file))
  host.fileExists = (file) => file === path || fileExists(file)
  host.getSourceFile = (file, ...others) =>
    file === path ? ts.createSourceFile(file, text, ts.ScriptTarget.Latest) : getSourceFile(file, ...others)
  const program = ts.createProgram([path], options, host)
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
}

describe('what each workflow runs gives the report of the whole', () => {
  let repository: ScratchRepository
  let whole: Readonly<Record<string, string>>

  beforeAll(async () => {
    repository = await scratchRepository({
      'godwit.config.json': JSON.stringify({ path: ['pairs'], runs: 2, cache: false }),
      ...soundPair('pairs/a'),
      ...lossyPair('pairs/b'),
      ...soundPair('pairs/c'),
      ...soundPair('pairs/d'),
      'package.json': '{ "name": "shop", "version": "1.0.0", "private": true }',
      // As npm leaves it.
      'node_modules/.bin/godwit': `#!/bin/sh\nexec "${process.execPath}" "${builtCommand}" "$@"\n`,
    })
    await chmod(join(repository.directory, 'node_modules/.bin/godwit'), 0o755)
    expect((await repository.run(['verify'])).code).toBe(1)
    whole = await taken('reports')
  }, 120_000)

  afterAll(() => repository[Symbol.asyncDispose]())

  async function taken(folder: string): Promise<Readonly<Record<string, string>>> {
    const texts = await timelessReports(join(repository.directory, folder), folder)
    for (const each of [folder, 'shards']) await rm(join(repository.directory, each), { recursive: true, force: true })
    return texts
  }

  /** The exit code of a script, as a job's shell runs it in the repository. */
  async function codeOf(shell: readonly string[], script: string, env: Readonly<Record<string, string>> = {}): Promise<number> {
    const [command = '', ...flags] = shell
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|GODWIT_|GITHUB_|CI$|CI_)/.test(name)))
    const options = { cwd: repository.directory, env: { ...inherited, ...env } }
    try {
      await run(command, [...flags, script], options)
      return 0
    } catch (error) {
      return (error as { readonly code: number }).code
    }
  }

  test('a matrix on GitHub', { timeout: 120_000 }, async () => {
    const { shard, report } = parse(github).jobs as Readonly<Record<'shard' | 'report', GitHubJob>>
    const shards = shard.strategy?.matrix.shard ?? []
    const bash = ['bash', '--noprofile', '--norc', '-eo', 'pipefail', '-c']
    const codes: number[] = []
    for (const index of shards) {
      const filled = (text: string) =>
        // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's own syntax
        text.replaceAll('${{ matrix.shard }}', String(index)).replaceAll('${{ strategy.job-total }}', String(shards.length))
      codes.push(await codeOf(bash, filled(scriptOf(shard))))
      const upload = shard.steps.find(({ uses }) => uses?.startsWith('actions/upload-artifact@'))?.with
      const artifact = join(repository.directory, 'artifacts', filled(upload?.name ?? ''))
      await cp(join(repository.directory, filled(upload?.path ?? '')), artifact, { recursive: true })
    }
    expect(codes.toSorted()).toEqual([0, 0, 1])
    await rm(join(repository.directory, 'shards'), { recursive: true })
    const download = report.steps.find(({ uses }) => uses?.startsWith('actions/download-artifact@'))?.with
    for (const name of await readdir(join(repository.directory, 'artifacts'))) {
      expect(name.startsWith(download?.pattern?.replace('*', '') ?? '?')).toBe(true)
      await cp(join(repository.directory, 'artifacts', name), join(repository.directory, download?.path ?? '', name), { recursive: true })
    }
    expect(await codeOf(bash, scriptOf(report))).toBe(1)
    expect(await taken('reports')).toEqual(whole)
  })

  test('parallel jobs on GitLab', { timeout: 120_000 }, async () => {
    const jobs = parse(gitlab) as Readonly<Record<'godwit-shard' | 'godwit', GitLabJob>>
    const shell = ['bash', '-eo', 'pipefail', '-c']
    const script = (job: GitLabJob) => withoutInstall(job.script)
    const { parallel = 0, allow_failure: allowed } = jobs['godwit-shard']
    for (let index = 1; index <= parallel; index += 1) {
      const env = { CI_NODE_INDEX: String(index), CI_NODE_TOTAL: String(parallel) }
      expect([0, ...(allowed?.exit_codes ?? [])]).toContain(await codeOf(shell, script(jobs['godwit-shard']), env))
    }
    expect(await codeOf(shell, script(jobs.godwit))).toBe(1)
    expect(await taken('reports')).toEqual(whole)
  })

  test('an indexed job on Kubernetes, whose shards end well unless they could not run', { timeout: 120_000 }, async () => {
    const [, shards, report] = manifests as readonly KubernetesJob[]
    // The volume lies here.
    const inVolume = (text: string) => text.replaceAll('/reports/', `${repository.directory}/`)
    const container = (job: KubernetesJob | undefined) => {
      const [only] = job?.spec.template.spec.containers ?? []
      const env = Object.fromEntries((only?.env ?? []).map(({ name, value }) => [name, value]))
      return { shell: only?.command ?? [], script: inVolume(only?.args[0] ?? ''), env }
    }
    const { shell, script, env } = container(shards)
    const { completions = 0 } = shards?.spec ?? {}
    expect(env.SHARDS).toBe(String(completions))
    await mkdir(join(repository.directory, 'shards/1/left-by-another-run'), { recursive: true })
    expect(await codeOf(shell, script, { ...env, JOB_COMPLETION_INDEX: '0', GODWIT_POSTGRES: '3' })).toBe(2)
    for (let index = 0; index < completions; index += 1)
      expect(await codeOf(shell, script, { ...env, JOB_COMPLETION_INDEX: String(index) })).toBe(0)
    expect(await readdir(join(repository.directory, 'shards/1'))).not.toContain('left-by-another-run')
    const merge = container(report)
    expect(await codeOf(merge.shell, merge.script)).toBe(1)
    const merged = await timelessReports(join(repository.directory, 'whole'), join(repository.directory, 'whole'))
    expect(Object.keys(merged)).toEqual(Object.keys(whole))
    expect(merged['results.json']).toEqual(whole['results.json'])
  })
})

/** The commands of a job's steps, but for what installs packages: they are there. */
function scriptOf({ steps }: GitHubJob): string {
  return withoutInstall(steps.flatMap((step) => step.run ?? []))
}

function withoutInstall(lines: readonly string[]): string {
  expect(lines[0]).toBe('npm ci')
  return lines.slice(1).join('\n')
}
