// Runs in the user's project (node --eval, so that packages are the project's), once for many runs of single migrations.
// Lines on standard input: { id, url, direction, name, names, file }. Lines on descriptor 3: { id, error? }.
import { createWriteStream } from 'node:fs'
import * as fs from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const [tool, configFile, flags = ''] = process.argv.slice(1)
const require = createRequire(path.resolve('package.json'))
const load = async (file) => {
  const module = await import(pathToFileURL(path.resolve(file)).href)
  const value = module.default ?? module
  return value.default ?? value
}

const makers = {
  async knex() {
    const knex = require('knex')
    const found = await load(configFile)
    const settings = found[process.env.NODE_ENV ?? 'development'] ?? found
    process.chdir(path.dirname(path.resolve(configFile)))
    return async ({ url, direction, name }) => {
      const db = knex({ ...settings, connection: url, pool: { min: 0, max: 4 } })
      try {
        await db.migrate[direction]({ name })
      } finally {
        await db.destroy()
      }
    }
  },
  async typeorm() {
    await import('reflect-metadata').catch(() => undefined)
    const { DataSource } = await import(pathToFileURL(require.resolve('typeorm')).href)
    const module = await import(pathToFileURL(path.resolve(configFile)).href)
    const own = Object.values(module.default?.options === undefined ? { ...module.default, ...module } : module).find(
      (value) => value?.options?.type !== undefined,
    )
    return async ({ url, direction, names }) => {
      const source = new DataSource({ ...own.options, url, logging: false, synchronize: false, migrationsRun: false, dropSchema: false })
      await source.initialize()
      try {
        source.migrations = source.migrations.filter((each) => names.includes(each.name ?? each.constructor.name))
        const transaction = own.options.migrationsTransactionMode ?? 'all'
        if (direction === 'up') await source.runMigrations({ transaction })
        else await source.undoLastMigration({ transaction })
      } finally {
        await source.destroy()
      }
    }
  },
  async kysely() {
    const { Kysely, Migrator, FileMigrationProvider, PostgresDialect } = await import(pathToFileURL(require.resolve('kysely')).href)
    const { default: pg } = await import(pathToFileURL(require.resolve('pg')).href)
    const { migrations = {} } = await load(configFile)
    const { migrationFolder = 'migrations', getMigrationPrefix: _prefix, allowJS: _js, provider: given, ...settings } = migrations
    const provider = given ?? new FileMigrationProvider({ fs, path, migrationFolder: path.resolve(migrationFolder) })
    return async ({ url, direction, name }) => {
      const db = new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url, max: 4 }) }) })
      try {
        const migrator = new Migrator({ ...settings, db, provider })
        const { error } = direction === 'up' ? await migrator.migrateTo(name) : await migrator.migrateDown()
        if (error !== undefined) throw error
      } finally {
        await db.destroy()
      }
    }
  },
  async sequelize() {
    const Sequelize = require('sequelize')
    return async ({ url, direction, file }) => {
      const db = new Sequelize.Sequelize(url, { logging: false, dialect: 'postgres' })
      try {
        const migration = await load(file)
        await migration[direction](db.getQueryInterface(), Sequelize)
      } finally {
        await db.close()
      }
    }
  },
  async 'mikro-orm'() {
    const { MikroORM } = await import(pathToFileURL(require.resolve('@mikro-orm/postgresql')).href)
    const config = await load(configFile)
    return async ({ url, direction, name }) => {
      const orm = await MikroORM.init({
        ...config,
        clientUrl: url,
        debug: false,
        discovery: { ...config.discovery, warnWhenNoEntities: false },
      })
      try {
        await orm.getMigrator()[direction]({ migrations: [name] })
      } finally {
        await orm.close(true)
      }
    }
  },
  async 'node-pg-migrate'() {
    const { runner } = await import('node-pg-migrate')
    const dir = /(?:^|\s)(?:-m|--migrations-dir)[=\s]+(\S+)/.exec(flags)?.[1] ?? 'migrations'
    return ({ url, direction }) =>
      runner({
        databaseUrl: url,
        dir,
        direction,
        count: 1,
        migrationsTable: 'pgmigrations',
        singleTransaction: true,
        checkOrder: false,
        log: () => undefined,
      })
  },
}

const replies = createWriteStream('', { fd: 3 })
const textOf = (error) => (error instanceof Error ? (error.stack ?? error.message) : String(error))
const made = makers[tool]()
made.catch(() => undefined)
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  void (async () => (await made)(request))().then(
    () => replies.write(`${JSON.stringify({ id: request.id })}\n`),
    (error) => replies.write(`${JSON.stringify({ id: request.id, error: textOf(error) })}\n`),
  )
}
process.exit(0)
