import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Database } from '../../../harness/postgres/index.ts'

const execute = promisify(execFile)
const root = resolve('fixtures/programs')

/** `commands.json` of a project: how its tool is run. `fixtures/programs/README.md` explains each member. */
interface Commands {
  readonly environment: Readonly<Record<string, string>>
  readonly needs?: readonly string[]
  /** Folder of the migrations, in the order of their names; or the plan that lists them. */
  readonly steps: string
  readonly upAll: string
  readonly downAll: string
  /** Absent where the tool cannot: then `upAll` applies the one that is missing. */
  readonly upOne?: string
  readonly downOne: string
  readonly status?: { readonly command: string; readonly applied: string }
  readonly history: string
  readonly newestOnly?: boolean
  readonly own: readonly string[]
}

/** What Godwit must say of a step. */
export interface Expected {
  readonly verdict: 'holds' | 'violated'
  /** Each a rule of `docs/findings.md`; others may follow from them. */
  readonly finds: readonly string[]
}

/** A folder of `fixtures/programs/`: a small project of a migration tool as its users have it. */
export interface Project extends Commands {
  readonly name: string
  readonly directory: string
  /** By the names that the tool's history has, in their order. */
  readonly expected: Readonly<Record<string, Expected>>
}

/** The projects, by the names of their tools. */
export function projectNames(): readonly string[] {
  return readdirSync(root, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
}

/** Read what a project says of itself. */
export function openProject(name: string): Project {
  const directory = join(root, name)
  const read = (file: string) => JSON.parse(readFileSync(join(directory, file), 'utf8'))
  return { ...(read('commands.json') as Commands), name, directory, expected: read('expected.json').steps }
}

/**
 * Why the tool of a project cannot be run here.
 *
 * @returns Undefined where it can.
 */
export async function reasonToSkip({ needs = [] }: Project): Promise<string | undefined> {
  for (const command of needs) {
    const works = await execute('/bin/sh', ['-c', command]).then(
      () => true,
      () => false,
    )
    if (!works) return `not installed: \`${command}\` fails`
  }
  return undefined
}

/**
 * Run a command of a project as `npm run` does: in its folder, with the programs of every `node_modules` above it.
 *
 * @returns What it printed.
 * @throws {Error} With all of its output, where it fails.
 */
export async function runTool(project: Project, what: 'upAll' | 'downAll' | 'upOne' | 'downOne' | 'status', database: Database) {
  const given = what === 'status' ? project.status?.command : project[what]
  if (given === undefined) throw new Error(`${project.name} has no command for ${what}`)
  const command = given.replaceAll('<previous>', Object.keys(project.expected).at(-2) ?? '')
  const url = database.url({ as: 'owner' })
  const environment = Object.entries(project.environment).map(([name, value]) => [name, value.replaceAll('<url>', url)])
  const { stdout, stderr } = await execute('/bin/sh', ['-c', command], {
    cwd: project.directory,
    env: { ...outsideOfTests(), ...Object.fromEntries(environment), PATH: searchPath(project.directory), NO_COLOR: '1' },
    maxBuffer: 1e7,
  }).catch((error: { stdout: string; stderr: string }) => {
    throw new Error(`${project.name}: ${command} failed:\n${error.stdout}${error.stderr}`)
  })
  return stdout + stderr
}

/** Some tools print nothing where they believe to be tested. */
function outsideOfTests(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(NODE_ENV|TEST|VITEST.*|FORCE_COLOR)$/.test(name)))
}

function searchPath(directory: string): string {
  const folders: string[] = []
  for (let folder = directory; ; folder = dirname(folder)) {
    const programs = join(folder, 'node_modules/.bin')
    if (existsSync(programs)) folders.push(programs)
    if (folder === dirname(folder)) return [...folders, process.env.PATH].join(delimiter)
  }
}
