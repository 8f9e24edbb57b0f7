import { accessSync, constants } from 'node:fs'
import { delimiter, join, relative, resolve, sep } from 'node:path'
import { type CommandSource, environmentOf, parentsOf, runCommand } from '../formats/index.ts'
import { isFile } from '../migration/index.ts'

/** What a tool that runs programs needs, and whether it is there. */
export interface ToolReadiness {
  readonly source: CommandSource
  /** The file that runs, from the tool's folder; the bare word where none is found. */
  readonly program: string
  /** As the tool says it when it is started. */
  readonly version: string | undefined
  /** What is missing, each a sentence that says what to do. Empty where the tool starts. */
  readonly missing: readonly string[]
  /** The environment variables that get the connection, each with what it gets; PostgreSQL's own `PG…` left out. */
  readonly variables: readonly string[]
}

const noDatabase = 'postgresql://nobody:nothing@127.0.0.1:1/nowhere'

/** Start a tool without a database, and say what it lacks. */
export async function toolReadiness(source: CommandSource, signal?: AbortSignal): Promise<ToolReadiness> {
  const directory = resolve(source.directory ?? '.')
  const environment = environmentOf(source, noDatabase)
  const program = programOf(source.up)
  const found = foundProgram(program, directory, environment.PATH ?? '')
  const ended =
    found === undefined || source.version === undefined
      ? undefined
      : await runCommand({ command: source.version, directory, environment, signal })
  const isStarted = ended === undefined || ended.code === 0
  return {
    source,
    program: found ?? program,
    version: isStarted ? /\d+\.\d+[\w.]*(?!.*\d+\.\d+\.\d)/s.exec(ended?.output ?? '')?.[0] : undefined,
    missing: [
      ...(found === undefined ? [`The program "${program}" is not found. ${installOf(source, program)}`] : []),
      ...(isStarted ? [] : [`"${source.version}" ends with an error: ${lastLines(ended.output)}. ${installOf(source, program)}`]),
      ...loaderMissing(source, directory),
    ],
    variables: Object.entries(source.variables ?? { [source.variable ?? 'DATABASE_URL']: 'url' }).map(
      ([name, part]) => `${name} (${part})`,
    ),
  }
}

/** The first word of a command that is no setting of a variable. */
function programOf(command: string): string {
  const words = command.match(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g) ?? []
  return words.find((word) => !/^\w+=/.test(word) && word !== 'cross-env' && word !== 'env') ?? command
}

function foundProgram(program: string, directory: string, path: string): string | undefined {
  const places = program.includes('/') ? [resolve(directory, program)] : path.split(delimiter).map((folder) => join(folder, program))
  const file = places.find(isExecutable)
  if (file === undefined) return undefined
  const way = relative(directory, file)
  return way.startsWith(`..${sep}..${sep}..`) ? file : way
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return isFile(file)
  } catch {
    return false
  }
}

function installOf({ tool = '' }: CommandSource, program: string): string {
  const python: Readonly<Record<string, string>> = { alembic: 'alembic psycopg2-binary', django: 'django psycopg2-binary' }
  const node: Readonly<Record<string, string>> = {
    kysely: 'kysely-ctl',
    'mikro-orm': '@mikro-orm/cli',
    sequelize: 'sequelize-cli',
  }
  if (python[tool] !== undefined)
    return `Install the project's packages where ${program} finds them (a .venv here comes first): pip install ${python[tool]}`
  if (tool === 'rails') return "Install the project's gems: bundle install"
  return tool === '' ? 'Install it, or correct the key "command" of the configuration.' : `Install it: npm i -D ${node[tool] ?? tool}`
}

/** Node runs TypeScript only by a loader; kysely-ctl brings its own. */
function loaderMissing({ tool, driver, up }: CommandSource, directory: string): readonly string[] {
  const config = driver?.program === 'node' ? (driver.config ?? '') : ''
  if (!/\.[cm]?ts$/.test(config) || tool === 'kysely' || /\btsx\b|ts-node/.test(up)) return []
  const has = (name: string) => parentsOf(directory).some((parent) => isFile(join(parent, 'node_modules', name, 'package.json')))
  return has('tsx') || has('ts-node')
    ? []
    : [`"${config}" is TypeScript, and the project has nothing that loads it. Install it: npm i -D tsx`]
}

function lastLines(output: string): string {
  const lines = output
    .trim()
    .split('\n')
    .filter((line) => line.trim() !== '')
  const error = lines.findLast((line) => /error|cannot|no module|not found/i.test(line)) ?? lines.at(-1) ?? 'it wrote nothing'
  return error.trim().replace(/\.$/, '')
}
