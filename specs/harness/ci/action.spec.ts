import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type Action, readAction, repository, runStep } from './action.ts'

const action: Action = await readAction()
const guide = await readFile(join(repository, 'docs/ci.md'), 'utf8')

describe('action.yml', () => {
  const { inputs, outputs, runs } = action
  const text = JSON.stringify(runs)

  test('is a composite action whose scripts get inputs by their environment alone', () => {
    expect(runs.using).toBe('composite')
    for (const step of runs.steps) {
      expect([step.uses === undefined, step.run !== undefined, step.shell]).toEqual([
        step.run !== undefined,
        step.uses === undefined,
        step.uses === undefined ? 'bash' : undefined,
      ])
      expect(step.run ?? '').not.toContain('${{')
      if (step.uses !== undefined) expect(step.uses).toMatch(/^[\w-]+\/[\w./-]+@v\d+$/)
    }
  })

  test('uses every input, and names none that is not there', () => {
    const named = new Set([...text.matchAll(/\binputs\.([\w-]+)/g)].map(([, name]) => name))
    expect([...named].toSorted()).toEqual(Object.keys(inputs).toSorted())
    for (const input of Object.values(inputs)) expect([typeof input.default, input.description.endsWith('.')]).toEqual(['string', true])
  })

  test('reads only outputs of steps that a step writes', () => {
    const all = `${text}${JSON.stringify(outputs)}`
    const read = [...all.matchAll(/steps\.([\w-]+)\.outputs\.([\w-]+)/g)]
    expect(read.length).toBeGreaterThan(3)
    for (const [, id, name] of read) {
      const step = runs.steps.find((each) => each.id === id)
      if (step?.uses?.startsWith('actions/upload-artifact@') === true) expect(name).toBe('artifact-url')
      else expect(step?.run).toContain(`'${name}=`)
    }
  })

  test('whatever follows the verdict runs although it is a bad one, and the last step ends the job with it', () => {
    const after = runs.steps.slice(runs.steps.findIndex((step) => step.id === 'verify') + 1)
    expect(after.map((step) => step.if?.includes('!cancelled()'))).toEqual(after.map(() => true))
    expect(runs.steps.at(-1)?.id).toBe('verdict')
  })
})

describe('the guide to CI', () => {
  const examples = [...guide.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text]): unknown => parse(text ?? ''))
  const steps = examples.flatMap(stepsOf)

  test('has examples that are YAML and give the action only inputs that it has', () => {
    expect(examples.length).toBeGreaterThan(3)
    const ours = steps.filter((step) => String(step.uses).startsWith('godwit-dev/godwit@'))
    expect(ours.length).toBeGreaterThan(2)
    for (const step of ours) expect(Object.keys(step.with ?? {}).filter((name) => action.inputs[name] === undefined)).toEqual([])
    for (const [, name = ''] of guide.matchAll(/steps\.godwit\.outputs\.([\w-]+)/g)) expect(Object.keys(action.outputs)).toContain(name)
  })

  test('names every input and output', () => {
    for (const name of [...Object.keys(action.inputs), ...Object.keys(action.outputs)]) expect(guide).toContain(`\`${name}\``)
  })

  test('gives GitLab files that a run writes', () => {
    const job = (
      examples.find((each) => typeof each === 'object' && each !== null && 'godwit' in each) as {
        godwit: { artifacts: { reports: object } }
      }
    ).godwit
    expect(job.artifacts.reports).toEqual({ junit: 'reports/junit.xml', codequality: 'reports/gl-code-quality-report.json' })
  })
})

describe('the steps of the action, run as the runner does', () => {
  let workspace = ''
  beforeAll(async () => {
    workspace = await mkdtemp(join(tmpdir(), 'action spec-'))
    await mkdir(join(workspace, '.git'))
    const legacy = 'CREATE TABLE items (id int PRIMARY KEY, notes text)'
    await pair('shop/db/keep', legacy, 'ALTER TABLE items ADD COLUMN extra text', 'ALTER TABLE items DROP COLUMN extra')
    await pair('shop/db/lose it', legacy, '\nALTER TABLE items DROP COLUMN notes', 'ALTER TABLE items ADD COLUMN notes text')
  })
  afterAll(() => rm(workspace, { recursive: true }))

  test('what holds ends with 0, with outputs and a summary', { timeout: 120_000 }, async () => {
    const ran = await runStep(action, 'verify', {
      workspace,
      values: { 'inputs.path': 'db/keep', 'inputs.working-directory': 'shop', 'inputs.runs': '3' },
    })
    expect([ran.code, ran.outputs]).toEqual([
      0,
      { verdict: 'holds', 'report-path': 'shop/reports', 'sarif-path': 'shop/reports/godwit.sarif', 'exit-code': '0' },
    ])
    expect(ran.stdout).toMatch(/^✓ keep {2}holds {2}\(3 generated data sets/)
    expect(ran.summary).toMatch(/^### Godwit: holds\n/)
    expect(ran.stderr).not.toMatch(/^::/m)
    expect((await runStep(action, 'verdict', verdictOf(ran.outputs))).code).toBe(0)
  })

  test('what loses data is annotated at its line, and ends the job with 1 in the last step', { timeout: 120_000 }, async () => {
    const values = { 'inputs.path': 'db/lose it\n\n', 'inputs.working-directory': 'shop', 'inputs.runs': '3', 'inputs.report': 'out' }
    const ran = await runStep(action, 'verify', { workspace, values })
    expect([ran.code, ran.outputs]).toEqual([
      0,
      { verdict: 'violated', 'report-path': 'shop/out', 'sarif-path': 'shop/out/godwit.sarif', 'exit-code': '1' },
    ])
    expect(ran.stderr).toMatch(/^::error file=shop\/db\/lose it\/up\.sql,line=2,title=zero-loss of public\.items\.notes::lose it: /m)
    expect(ran.summary).toMatch(/^### Godwit: violated\n/)
    const sarif = JSON.parse(await readFile(join(workspace, 'shop/out/godwit.sarif'), 'utf8'))
    expect(sarif.runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri).toBe('shop/db/lose%20it/up.sql')
    expect((await runStep(action, 'verdict', verdictOf(ran.outputs))).code).toBe(1)
  })

  test('what cannot run is an error, with nothing to upload', { timeout: 120_000 }, async () => {
    const ran = await runStep(action, 'verify', { workspace, values: { 'inputs.path': '-x\nmissing', 'inputs.working-directory': 'shop' } })
    expect([ran.code, ran.outputs]).toEqual([0, { verdict: 'error', 'report-path': 'shop/reports', 'sarif-path': '', 'exit-code': '2' }])
    expect((await runStep(action, 'verdict', verdictOf(ran.outputs))).code).toBe(2)
    expect((await runStep(action, 'verdict', verdictOf({}))).code).toBe(3)
  })

  test.each([
    ['a first comment is made', '', ['POST', 'repos/octo/shop/issues/12/comments']],
    ['the next run writes the same comment anew', '71\n72', ['PATCH', 'repos/octo/shop/issues/comments/71']],
  ])('%s', async (_, known, [method, path]) => {
    const bin = join(workspace, 'bin')
    await mkdir(bin, { recursive: true })
    await writeFile(
      join(bin, 'gh'),
      '#!/bin/sh\necho "$@" >> "$CALLS"\nfor last; do case "$last" in body=@*) cat "$(echo "$last" | cut -c7-)" > "$CALLS.body";; esac; done\nif [ "$2" = --paginate ]; then printf "%s" "$KNOWN"; fi\n',
    )
    await chmod(join(bin, 'gh'), 0o755)
    const calls = join(workspace, `calls-${method}`)
    const env = { PATH: `${bin}${delimiter}${process.env.PATH}`, CALLS: calls, KNOWN: known }
    await mkdir(join(workspace, 'told'), { recursive: true })
    await writeFile(join(workspace, 'told/pull-request.md'), '<!-- godwit -->\nRelease.\n')
    const values = {
      'github.event.pull_request.number': '12',
      'steps.verify.outputs.report-path': 'told',
      'steps.artifact.outputs.artifact-url': 'https://github.com/octo/shop/actions/runs/7/artifacts/9',
    }
    expect((await runStep(action, 'comment', { workspace, values, env })).code).toBe(0)
    const [listed, written] = (await readFile(calls, 'utf8')).split('\n')
    expect(listed).toMatch(/^api --paginate repos\/octo\/shop\/issues\/12\/comments --jq .*startswith\("<!-- godwit -->"\)/)
    expect(written).toMatch(new RegExp(`^api --method ${method} ${path} --field body=@\\S+ --silent$`))
    expect(await readFile(`${calls}.body`, 'utf8')).toBe(
      '<!-- godwit -->\nRelease.\n\n[Download the reports](https://github.com/octo/shop/actions/runs/7/artifacts/9); index.html is the page to open.\n',
    )
  })

  function verdictOf(outputs: Readonly<Record<string, string>>) {
    const values = Object.fromEntries(Object.entries(outputs).map(([name, value]) => [`steps.verify.outputs.${name}`, value]))
    return { workspace, values }
  }

  async function pair(path: string, legacy: string, up: string, down: string): Promise<void> {
    await mkdir(join(workspace, path), { recursive: true })
    for (const [file, sql] of Object.entries({ legacy, up, down })) await writeFile(join(workspace, path, `${file}.sql`), sql)
  }
})

interface WorkflowStep {
  readonly uses?: string
  readonly with?: Readonly<Record<string, unknown>>
}

function stepsOf(example: unknown): readonly WorkflowStep[] {
  if (Array.isArray(example)) return example as readonly WorkflowStep[]
  const { jobs } = example as { readonly jobs?: Readonly<Record<string, { readonly steps: readonly WorkflowStep[] }>> }
  return Object.values(jobs ?? {}).flatMap((job) => job.steps)
}
