import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

export const repository = fileURLToPath(new URL('../../..', import.meta.url))

export interface ActionStep {
  readonly id?: string
  readonly uses?: string
  readonly run?: string
  readonly shell?: string
  readonly if?: string
  readonly env?: Readonly<Record<string, string>>
  readonly with?: Readonly<Record<string, unknown>>
  readonly 'working-directory'?: string
}

export interface Action {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default: string }>>
  readonly outputs: Readonly<Record<string, { readonly description: string; readonly value: string }>>
  readonly runs: { readonly using: string; readonly steps: readonly ActionStep[] }
}

export async function readAction(): Promise<Action> {
  return parse(await readFile(join(repository, 'action.yml'), 'utf8')) as Action
}

export interface StepRun {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly outputs: Readonly<Record<string, string>>
  readonly summary: string
}

/** Run one `run` step as the runner does: its expressions filled in, bash with the runner's flags, files for outputs and summary. */
export async function runStep(
  action: Action,
  id: string,
  context: {
    readonly workspace: string
    readonly values: Readonly<Record<string, string>>
    readonly env?: Readonly<Record<string, string>>
  },
): Promise<StepRun> {
  const step = action.runs.steps.find((each) => each.id === id)
  if (step?.run === undefined) throw new Error(`no step "${id}"`)
  const defaults = Object.fromEntries(Object.entries(action.inputs).map(([name, input]) => [`inputs.${name}`, input.default]))
  const values: Readonly<Record<string, string>> = { ...defaults, ...context.values }
  const filled = (text: string) => text.replace(/\$\{\{ ([\w.-]+) \}\}/g, (_, name: string) => values[name] ?? '')
  const files = {
    script: join(context.workspace, `.${id}.sh`),
    output: join(context.workspace, `.${id}.output`),
    summary: join(context.workspace, `.${id}.md`),
  }
  await Promise.all([writeFile(files.script, step.run), writeFile(files.output, ''), writeFile(files.summary, '')])
  const { FORCE_COLOR: _color, GODWIT_DEBUG: _debug, ...inherited } = process.env
  const env = {
    ...inherited,
    ...Object.fromEntries(Object.entries(step.env ?? {}).map(([name, text]) => [name, filled(text)])),
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTION_PATH: repository.replace(/\/$/, ''),
    GITHUB_OUTPUT: files.output,
    GITHUB_STEP_SUMMARY: files.summary,
    GITHUB_WORKSPACE: context.workspace,
    GITHUB_REPOSITORY: 'octo/shop',
    ...context.env,
  }
  const cwd = join(context.workspace, filled(step['working-directory'] ?? '.'))
  const ran = await spawned('bash', ['--noprofile', '--norc', '-eo', 'pipefail', files.script], { cwd, env })
  const outputs = Object.fromEntries(
    (await readFile(files.output, 'utf8'))
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]])),
  )
  return { ...ran, outputs, summary: await readFile(files.summary, 'utf8') }
}

function spawned(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
}
