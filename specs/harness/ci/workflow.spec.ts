import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type ScratchRepository, scratchRepository, soundPair } from '../cli/scratch-repository.ts'
import { type Action, type ActionStep, readAction, runStep } from './action.ts'

interface Workflow {
  readonly on: { readonly pull_request: { readonly paths?: readonly string[] } | null }
  readonly permissions: Readonly<Record<string, string>>
  readonly jobs: { readonly verify: { readonly steps: readonly ActionStep[] } }
}

async function readWorkflow({ directory }: ScratchRepository): Promise<Workflow> {
  return parse(await readFile(join(directory, '.github/workflows/godwit.yml'), 'utf8')) as Workflow
}

function usesOf(workflow: Workflow): readonly string[] {
  return workflow.jobs.verify.steps.map(({ uses, run }) => uses ?? `run: ${run}`)
}

describe('the workflow that init --github writes', () => {
  test('gives the action inputs that it has, and the rights that they need', async () => {
    await using repository = await scratchRepository(soundPair('migrations/step'))
    await repository.runHere(['init', '--github'])
    const workflow = await readWorkflow(repository)
    expect(usesOf(workflow)).toEqual(['actions/checkout@v6', 'godwit-dev/godwit@v0'])
    const { inputs } = await readAction()
    const given = workflow.jobs.verify.steps.at(-1)?.with ?? {}
    // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's own syntax
    expect(given).toEqual({ since: 'origin/${{ github.base_ref }}', comment: 'true', sarif: 'true' })
    expect(Object.keys(given).filter((name) => inputs[name] === undefined)).toEqual([])
    expect(inputs['artifact-name']?.default).not.toBe('')
    expect(workflow.permissions).toEqual({ contents: 'read', 'pull-requests': 'write', 'security-events': 'write' })
    expect(workflow.jobs.verify.steps[0]?.with).toEqual({ 'fetch-depth': 0 })
  })

  test.each([
    ['a folder', { 'db/migrations/001_a.sql': 'SELECT 1;', 'db/migrations/002_b.sql': 'SELECT 2;' }, ['db/migrations/**']],
    [
      'several, with names that patterns give a meaning',
      { 'a [1]/migrations/1_a.up.sql': 'SELECT 1;', "b's/migrations/1_a.up.sql": 'SELECT 1;' },
      ['a \\[1\\]/migrations/**', "b's/migrations/**"],
    ],
    ['the repository itself', { 'legacy.sql': 'SELECT 1;', 'up.sql': 'SELECT 1;' }, undefined],
  ])('runs for pull requests that change a migration: %s', async (_, files, patterns) => {
    await using repository = await scratchRepository(files as Readonly<Record<string, string>>)
    await repository.runHere(['init', '--github'])
    const { on } = await readWorkflow(repository)
    expect(on.pull_request?.paths).toEqual(patterns && [...patterns, 'godwit.*', '.github/workflows/godwit.yml'])
  })

  test('installs as the lock file says', async () => {
    await using repository = await scratchRepository({ ...soundPair('migrations/step'), 'package.json': '{}', 'pnpm-lock.yaml': '' })
    await repository.runHere(['init', '--github'])
    expect(usesOf(await readWorkflow(repository))).toContain('run: corepack enable && pnpm install --frozen-lockfile')
  })
})

test('init --gitlab writes a job with the reports that a run writes, and says how an own pipeline includes it', async () => {
  await using repository = await scratchRepository({ ...soundPair('migrations/step'), '.gitlab-ci.yml': 'build: { script: [make] }\n' })
  const { stdout } = await repository.runHere(['init', '--gitlab'])
  expect(stdout).toContain('Add to .gitlab-ci.yml: include: [{ local: .gitlab/godwit.gitlab-ci.yml }]')
  const { godwit } = parse(await readFile(join(repository.directory, '.gitlab/godwit.gitlab-ci.yml'), 'utf8'))
  expect(godwit.script).toEqual(['npx --yes --cache .npm godwit verify --since "$CI_MERGE_REQUEST_DIFF_BASE_SHA"'])
  expect(godwit.rules[0].changes).toEqual(['migrations/**/*'])
  expect(godwit.artifacts.reports).toEqual({ junit: 'reports/junit.xml', codequality: 'reports/gl-code-quality-report.json' })
})

test('the examples of docs/ci.md are what init writes', async () => {
  await using repository = await scratchRepository({ ...soundPair('migrations/step'), 'package.json': '{}', 'package-lock.json': '{}' })
  await repository.runHere(['init', '--github', '--gitlab'])
  const page = await readFile('docs/ci.md', 'utf8')
  for (const file of ['.github/workflows/godwit.yml', '.gitlab/godwit.gitlab-ci.yml'])
    expect(page).toContain(`\`\`\`yaml\n${await readFile(join(repository.directory, file), 'utf8')}\`\`\``)
})

/** The action's own steps, on branches of a repository whose workflow `init` wrote. */
describe('a pull request in such a repository', { timeout: 120_000 }, () => {
  let action: Action
  let repository: ScratchRepository
  beforeAll(async () => {
    action = await readAction()
    const old = 'CREATE TABLE items (id int PRIMARY KEY, notes text, title text);\n'
    repository = await scratchRepository({
      'migrations/001_items.sql': old,
      'migrations/002_drop.sql': 'ALTER TABLE items DROP COLUMN title;\n',
    })
    await repository.runHere(['init', '--github'])
    git('init', '-q', '-b', 'main')
    commit('first')
    git('update-ref', 'refs/remotes/origin/main', 'HEAD')
    git('switch', '-q', '-c', 'branch')
  })
  afterAll(() => repository[Symbol.asyncDispose]())

  function git(...args: readonly string[]): void {
    const settings = ['-c', 'user.name=spec', '-c', 'user.email=spec@example.org', '-c', 'commit.gpgsign=false']
    execFileSync('git', [...settings, ...args], { cwd: repository.directory, stdio: ['ignore', 'ignore', 'inherit'] })
  }
  function commit(message: string): void {
    git('add', '-A')
    git('commit', '-q', '-m', message)
  }

  async function verify() {
    const workflow = await readWorkflow(repository)
    const given = Object.entries(workflow.jobs.verify.steps.at(-1)?.with ?? {}).map(([name, value]) => [
      `inputs.${name}`,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's own syntax
      String(value).replace('${{ github.base_ref }}', 'main'),
    ])
    const values = { ...Object.fromEntries(given), 'inputs.runs': '3' }
    const ran = await runStep(action, 'verify', { workspace: repository.directory, values })
    const outputs = Object.fromEntries(Object.entries(ran.outputs).map(([name, value]) => [`steps.verify.outputs.${name}`, value]))
    const { code } = await runStep(action, 'verdict', { workspace: repository.directory, values: outputs })
    const comment = await readFile(join(repository.directory, 'reports/pull-request.md'), 'utf8')
    return { code, verdict: ran.outputs.verdict, sarif: ran.outputs['sarif-path'], comment }
  }

  test('without a migration is green, though an old step loses data', async () => {
    await repository.write({ 'README.md': 'new\n' })
    commit('no migration')
    const { code, verdict, comment } = await verify()
    expect([code, verdict]).toEqual([0, 'holds'])
    expect(comment).toMatch(/^<!-- godwit -->\n### No new migrations since origin\/main\. Nothing to verify\.\n/)
  })

  test('with one that loses data is red, and the comment shows only what is new', async () => {
    await repository.write({ 'migrations/003_drop.sql': 'ALTER TABLE items DROP COLUMN notes;\n' })
    commit('a loss')
    const { code, verdict, sarif, comment } = await verify()
    expect([code, verdict, sarif]).toEqual([1, 'violated', './reports/godwit.sarif'])
    expect(comment).toMatch(/^<!-- godwit -->\n### Do not release: data is lost/)
    expect(comment).toMatch(/#### New on this branch \(\d+\)/)
    expect(comment).toContain('Findings of 2 older steps are not shown')
    expect(comment).not.toContain('title')
  })
})
