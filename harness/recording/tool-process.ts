import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { type CommandSource, environmentOf, parentsOf } from '../formats/index.ts'
import { isFile } from '../migration/index.ts'
import { packageFile } from '../package.ts'

/** One step for a tool to run. */
export interface StepRequest {
  readonly url: string
  readonly direction: 'up' | 'down'
  /** As the tool notes it. */
  readonly name: string
  /** All steps up to it. */
  readonly names: readonly string[]
  /** Absolute path of its file. */
  readonly file: string
  /** The command that would do the same. */
  readonly command: string
}

/**
 * A tool kept running for many runs of single steps, so that only the first pays for its start. What it needs is loaded by the tool's own
 * interface; its configuration is the project's, with another database.
 */
export class ToolProcess implements AsyncDisposable {
  readonly #source: CommandSource
  #child: Promise<ChildProcess> | undefined
  readonly #waiting = new Map<number, { readonly resolve: () => void; readonly reject: (error: Error) => void }>()
  #requests = 0

  constructor(source: CommandSource) {
    this.#source = source
  }

  /**
   * Whether a tool can be kept running: in Node, TypeScript needs a loader that the project has.
   *
   * @param file  Of a step.
   */
  static canRun({ driver, directory }: CommandSource, file: string): boolean {
    if (driver === undefined || driver.program !== 'node') return driver !== undefined
    return ![driver.config ?? '', file].some((each) => /\.[cm]?ts$/.test(each)) || hasLoader(directory)
  }

  /** @throws {Error} With what the tool wrote. */
  async run(request: StepRequest, signal: AbortSignal): Promise<void> {
    this.#child ??= this.#start()
    const child = await this.#child
    const id = this.#requests++
    const abort = () => kill(child)
    signal.addEventListener('abort', abort, { once: true })
    try {
      await new Promise<void>((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject })
        child.stdin?.write(
          `${JSON.stringify({ id, ...request, environment: environmentOf(this.#source, request.url), arguments: argumentsOf(request.command) })}\n`,
        )
      })
    } finally {
      this.#waiting.delete(id)
      signal.removeEventListener('abort', abort)
    }
  }

  async #start(): Promise<ChildProcess> {
    const { driver = { program: 'node' as const }, directory = '.', tool = '' } = this.#source
    // Nobody may connect by what the configuration says: each request names its own database.
    const environment = environmentOf(this.#source, 'postgresql://nobody:nothing@127.0.0.1:1/nowhere')
    const language = driver.program === 'node' ? 'mjs' : driver.program === 'ruby' ? 'rb' : 'py'
    const text = await readFile(packageFile(`harness/recording/drivers/driver.${language}`), 'utf8')
    const loader = hasLoader(directory) ? ['--import', 'tsx'] : []
    const node = [...loader, '--input-type=module', '--eval', text, '--', tool, driver.config ?? '', this.#source.up]
    const program = driver.program === 'node' ? process.execPath : driver.program
    const args = { mjs: node, rb: ['-e', text, tool], py: ['-c', text, tool] }[language]
    const child = spawn(program, args, {
      cwd: resolve(directory),
      env: { ...process.env, ...environment },
      detached: process.platform !== 'win32',
      stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
    })
    let words = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      words = (words + chunk.toString('utf8')).slice(-keptOutput)
    })
    const end = (why: string) => {
      this.#child = undefined
      for (const { reject } of this.#waiting.values()) reject(new Error(`${tool} ended: ${why}\n${words}`.trim()))
      this.#waiting.clear()
    }
    child.on('error', (error) => end(error.message))
    child.on('exit', (code) => end(`exit ${code ?? 'by a signal'}`))
    ;(child.stdin as Writable).on('error', () => undefined)
    createInterface({ input: child.stdio[3] as Readable }).on('line', (line) => this.#answer(JSON.parse(line)))
    return child
  }

  #answer({ id, error }: { readonly id: number; readonly error?: string }): void {
    const waiting = this.#waiting.get(id)
    if (error === undefined) waiting?.resolve()
    else waiting?.reject(new Error(error))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = await this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('close', resolve))
    kill(child)
    await ended
  }
}

function kill({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

function hasLoader(directory = '.'): boolean {
  return parentsOf(resolve(directory)).some((parent) => isFile(join(parent, 'node_modules/tsx/package.json')))
}

const keptOutput = 1 << 16

/** A command's words behind its program, as Python's drivers take them: `python -m alembic upgrade x` gives `alembic upgrade x`. */
function argumentsOf(command: string): readonly string[] {
  const words = (command.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ''))
  const from = words.findIndex((word) => word === '-m' || /\.py$/.test(word))
  return words.slice(words[from] === '-m' ? from + 1 : Math.max(0, from))
}
