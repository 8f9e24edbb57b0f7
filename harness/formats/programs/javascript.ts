import { readFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { InputError } from '../../errors.ts'
import { isFile, shownPath } from '../../migration/index.ts'
import type { CommandSource } from '../history.ts'
import { dependencyOf, packageOf } from '../package-json.ts'
import { parentsOf } from '../parents.ts'
import { readConnection } from './connection-variables.ts'
import type { ProgramTool } from './program-tool.ts'

/** @see https://knexjs.org/guide/migrations.html */
export const knex: ProgramTool<'knex'> = {
  id: 'knex',
  marker: '"knexfile.js"',
  files: /^knexfile\.[cm]?[jt]s$/,
  historyTables: ['knex_migrations', 'knex_migrations_lock'],
  source: async (directory, files) => {
    const [file = ''] = files.filter((name) => knex.files.test(name))
    const table = await settingIn(join(directory, file), /tableName['"]?\s*:\s*['"](\w+)['"]/, 'knex_migrations')
    const command = await commandIn(directory, 'knex', 'migrate:latest')
    return {
      ...(await connected(directory, [file], 'knex')),
      ...loader(directory, file, command('migrate:latest')),
      up: command('migrate:latest'),
      down: command('migrate:rollback --all'),
      all: true,
      one: { up: command('migrate:up {name}'), down: command('migrate:down {name}') },
      driver: { program: 'node', config: file },
      table,
      column: 'name',
      ownTables: [`${table}_lock`],
    }
  },
}

/** @see https://salsita.github.io/node-pg-migrate/cli */
export const nodePgMigratePrograms: ProgramTool<'node-pg-migrate'> = {
  id: 'node-pg-migrate',
  marker: 'the dependency "node-pg-migrate"',
  files: /^package\.json$/,
  historyTables: ['pgmigrations'],
  source: async (directory) => {
    if ((await dependencyOf(directory, ['node-pg-migrate'])) === undefined) return undefined
    const command = await commandIn(directory, 'node-pg-migrate', 'up')
    return {
      directory,
      tool: 'node-pg-migrate',
      up: command('up'),
      down: command('down 99999'),
      all: true,
      one: { up: command('up 1'), down: command('down 1') },
      driver: { program: 'node' },
      table: 'pgmigrations',
      column: 'name',
    }
  },
}

/** @see https://typeorm.io/docs/migrations/why */
export const typeorm: ProgramTool<'typeorm'> = {
  id: 'typeorm',
  marker: '"data-source.ts"',
  files: /^(data-?source|ormconfig)\.[cm]?[jt]s$/i,
  historyTables: ['migrations', 'typeorm_metadata'],
  source: async (directory, files) => {
    const [file = ''] = files.filter((name) => typeorm.files.test(name))
    const text = await readFile(join(directory, file), 'utf8').catch(() => '')
    if (!/\btypeorm\b/.test(text)) return undefined
    const root = packageOf(directory) ?? directory
    const table = await settingIn(join(directory, file), /migrationsTableName['"]?\s*:\s*['"](\w+)['"]/, 'migrations')
    const command = await commandIn(root, 'typeorm(-ts-node-\\w+)?', 'migration:run')
    const source = ` -d ${quoted(relative(root, join(directory, file)))}`
    const whole = (sub: string) => (/\s-d\s|--dataSource/.test(command(sub)) ? command(sub) : command(sub) + source)
    return {
      ...(await connected(root, [relative(root, join(directory, file))], 'typeorm')),
      ...loader(root, file, command('migration:run')),
      up: whole('migration:run'),
      down: whole('migration:revert'),
      driver: { program: 'node', config: relative(root, join(directory, file)) },
      table,
      column: 'name',
      ownTables: ['typeorm_metadata'],
    }
  },
}

/** @see https://github.com/kysely-org/kysely-ctl */
export const kysely: ProgramTool<'kysely'> = {
  id: 'kysely',
  marker: '"kysely.config.ts"',
  files: /^kysely\.config\.[cm]?[jt]s$/,
  historyTables: ['kysely_migration', 'kysely_migration_lock'],
  source: async (directory, files) => {
    const [file = ''] = files.filter((name) => kysely.files.test(name))
    const root = basename(directory) === '.config' ? dirname(directory) : directory
    const command = await commandIn(root, 'kysely', 'migrate( |:)latest')
    return {
      ...(await connected(root, [relative(root, join(directory, file))], 'kysely')),
      up: command('migrate latest'),
      down: command('migrate rollback --all'),
      all: true,
      one: { up: command('migrate up'), down: command('migrate down') },
      driver: { program: 'node', config: relative(root, join(directory, file)) },
      table: 'kysely_migration',
      column: 'name',
      ownTables: ['kysely_migration_lock'],
    }
  },
}

/** @see https://github.com/sequelize/cli */
export const sequelize: ProgramTool<'sequelize'> = {
  id: 'sequelize',
  marker: '".sequelizerc", or "config/config.json" with the dependency "sequelize-cli"',
  files: /^(\.sequelizerc|package\.json)$/,
  historyTables: ['SequelizeMeta', 'SequelizeData'],
  source: async (directory, files) => {
    const configs = [
      'config/config.js',
      'config/config.cjs',
      'config/config.json',
      'config/database.js',
      'src/config/database.js',
      'src/config/config.js',
    ]
    const [config] = configs.filter((name) => isFile(join(directory, name)))
    if (!files.includes('.sequelizerc') && (config === undefined || (await dependencyOf(directory, ['sequelize-cli'])) === undefined))
      return undefined
    const command = await commandIn(directory, 'sequelize(-cli)?', 'db:migrate')
    const read = ['.sequelizerc', ...configs].filter((name) => isFile(join(directory, name)))
    return {
      ...(await connected(directory, read, 'sequelize')),
      up: command('db:migrate'),
      down: command('db:migrate:undo:all'),
      all: true,
      one: { up: command('db:migrate --to {name}'), down: command('db:migrate:undo --name {name}') },
      driver: { program: 'node' },
      table: 'SequelizeMeta',
      column: 'name',
      ownTables: ['SequelizeData'],
    }
  },
}

/** @see https://mikro-orm.io/docs/migrations */
export const mikroOrm: ProgramTool<'mikro-orm'> = {
  id: 'mikro-orm',
  marker: '"mikro-orm.config.ts"',
  files: /^mikro-orm\.config\.[cm]?[jt]s$/,
  historyTables: ['mikro_orm_migrations'],
  source: async (directory, files) => {
    const [file = ''] = files.filter((name) => mikroOrm.files.test(name))
    const root = packageOf(directory) ?? directory
    const table = await settingIn(join(directory, file), /tableName['"]?\s*:\s*['"](\w+)['"]/, 'mikro_orm_migrations')
    const command = await commandIn(root, 'mikro-orm(-esm)?', 'migration:up')
    return {
      ...(await connected(root, [relative(root, join(directory, file))], 'mikro-orm')),
      up: command('migration:up'),
      down: command('migration:down --to 0'),
      all: true,
      one: { up: command('migration:up --only {name}'), down: command('migration:down --only {name}') },
      driver: { program: 'node', config: relative(root, join(directory, file)) },
      table,
      column: 'name',
    }
  },
}

/** @see https://github.com/sequelize/umzug#cli-usage */
export const umzug: ProgramTool<'umzug'> = {
  id: 'umzug',
  marker: 'a program with "new Umzug" and "runAsCLI"',
  files: /^(migrat(e|or|ions?)|umzug|db)\.[cm]?[jt]s$/i,
  historyTables: ['SequelizeMeta', 'umzug_migrations'],
  source: async (directory, files) => {
    for (const file of files.filter((name) => umzug.files.test(name))) {
      const text = await readFile(join(directory, file), 'utf8').catch(() => '')
      if (!/new\s+Umzug\b/.test(text)) continue
      const table =
        /tableName['"]?\s*[:=]\s*['"`](\w+)/.exec(text)?.[1] ??
        /CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?["\w.]*?"?(\w+)"?\s*\(/i.exec(text)?.[1] ??
        'SequelizeMeta'
      const column = /columnName['"]?\s*:\s*['"](\w+)/.exec(text)?.[1] ?? /\(\s*"?(\w+)"?\s+(?:text|varchar)/i.exec(text)?.[1] ?? 'name'
      const cli = /runAsCLI\s*\(/.test(text)
      const run = `${/\.[cm]?ts$/.test(file) ? 'tsx' : 'node'} ${quoted(file)}`
      return {
        ...(await connected(directory, [file], 'umzug')),
        up: `${run} up`,
        down: cli ? `${run} down --to 0` : `${run} down`,
        all: cli,
        ...(cli ? { one: { up: `${run} up --name {name}`, down: `${run} down --name {name}` } } : {}),
        table,
        column,
      }
    }
    return undefined
  },
}

/** How a tool is called: as a script of package.json does, else by its name. */
async function commandIn(
  directory: string,
  program: string,
  subcommand: string,
  otherwise = program.replaceAll(/\(.*?\)\?/g, ''),
): Promise<(subcommand: string) => string> {
  const called = `(?:^|&&|;)\\s*(?<before>(?:[^&;]*?[\\s/])?${program}(?:\\.js)?(?:\\s[^&;]*?)?)`
  const text = await readFile(join(directory, 'package.json'), 'utf8').catch(() => '{}')
  const scripts = Object.values(scriptsIn(text))
  for (const pattern of [new RegExp(`${called}\\s${subcommand}(?=\\s|$)(?<after>[^&;]*)`), new RegExp(`${called}$`)]) {
    for (const script of scripts) {
      const { before, after = '' } = pattern.exec(script)?.groups ?? {}
      if (before === undefined || /\bmigrat\w*:|:migrat/.test(before)) continue
      return (sub) => `${before.trim().replace(/\bnpx\s+/, '')} ${sub}${after.trimEnd()}`
    }
  }
  return (sub) => `${otherwise} ${sub}`
}

/** Where the configuration is TypeScript and the project has tsx, its programs are run by it. */
function loader(directory: string, file: string, command: string): Pick<CommandSource, 'environment'> {
  const has = parentsOf(directory).some((parent) => isFile(join(parent, 'node_modules/tsx/package.json')))
  if (!/\.[cm]?ts$/.test(file) || !has || /\btsx\b|ts-node/.test(command)) return {}
  return { environment: { NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import tsx`.trim() } }
}

function scriptsIn(text: string): Readonly<Record<string, string>> {
  try {
    const { scripts } = JSON.parse(text)
    return Object.fromEntries(Object.entries(scripts ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
  } catch {
    return {}
  }
}

/** @throws {InputError} Where no file reads a connection from the environment: the tool would go to a database of its own choice. */
async function connected(
  directory: string,
  files: readonly string[],
  tool: string,
): Promise<Pick<CommandSource, 'directory' | 'tool' | 'variables' | 'port'>> {
  const connection = await readConnection(directory, [...files, ...dotEnvReaders])
  if (Object.keys(connection.variables).length > 0) return { directory, tool, ...connection }
  const [file = ''] = files
  throw new InputError(
    `"${shownPath(join(directory, file))}" reads no connection from the environment, so that ${tool} cannot be given a database of its own`,
    {
      hint: 'Let it read DATABASE_URL (or the like), with what stands there now as the value without it.',
    },
  )
}

/** Files beside the configuration that it often takes the connection from. */
const dotEnvReaders = [
  'env.ts',
  'env.js',
  'src/env.ts',
  'src/config.ts',
  'config.js',
  'config.ts',
  'config/index.js',
  'config/index.ts',
  'src/config/index.ts',
]

async function settingIn(file: string, pattern: RegExp, otherwise: string): Promise<string> {
  return pattern.exec(await readFile(file, 'utf8').catch(() => ''))?.[1] ?? otherwise
}

function quoted(text: string): string {
  return /^[\w./@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
