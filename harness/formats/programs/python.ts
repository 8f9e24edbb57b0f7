import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isFile } from '../../migration/index.ts'
import { parentsOf } from '../parents.ts'
import { readsNoConnection } from './connection-change.ts'
import { readConnection } from './connection-variables.ts'
import type { ProgramTool } from './program-tool.ts'

/** @see https://alembic.sqlalchemy.org/en/latest/cookbook.html */
export const alembic: ProgramTool<'alembic'> = {
  id: 'alembic',
  marker: '"alembic.ini"',
  files: /^alembic\.ini$/,
  historyTables: ['alembic_version'],
  source: async (directory) => {
    const ini = await readFile(join(directory, 'alembic.ini'), 'utf8').catch(() => '')
    const scripts = /^\s*script_location\s*=\s*(.+)$/m.exec(ini)?.[1]?.trim().replaceAll('%(here)s/', '') ?? 'alembic'
    const env = `${scripts.replaceAll(/[:.](?=\w)/g, '/')}/env.py`
    const files = ['alembic.ini', env, ...settingsFiles]
    const connection = await readConnection(directory, files)
    if (Object.keys(connection.variables).length === 0) throw readsNoConnection(join(directory, env), 'alembic')
    const python = pythonWith('alembic.config', directory)
    const command = `${python} -m alembic`
    return {
      directory,
      tool: 'alembic',
      ...connection,
      environment: { PYTHONDONTWRITEBYTECODE: '1' },
      up: `${command} upgrade head`,
      version: `${command} --version`,
      model: {
        command: `${python} -c ${shellWord(alembicCheck)}`,
        name: 'alembic check',
        same: /^No new upgrade operations detected\.$/m,
        differs: /New upgrade operations detected/,
      },
      down: `${command} downgrade base`,
      all: true,
      one: { up: `${command} upgrade {name}`, down: `${command} downgrade {previous|base}` },
      driver: { program: python },
      table: 'alembic_version',
      column: 'version_num',
    }
  },
}

/** @see https://docs.djangoproject.com/en/stable/ref/django-admin/#migrate */
export const django: ProgramTool<'django'> = {
  id: 'django',
  marker: '"manage.py"',
  files: /^manage\.py$/,
  historyTables: ['django_migrations'],
  source: async (directory) => {
    const text = await readFile(join(directory, 'manage.py'), 'utf8').catch(() => '')
    const settings = /DJANGO_SETTINGS_MODULE['"]\s*,\s*['"]([\w.]+)/.exec(text)?.[1]
    if (settings === undefined) return undefined
    const path = settings.replaceAll('.', '/')
    const files = [
      `${path}.py`,
      `${path}/__init__.py`,
      `${path}/base.py`,
      ...(path.includes('/') ? [`${path.replace(/\/[^/]*$/, '')}/base.py`] : []),
      ...settingsFiles,
    ]
    const connection = await readConnection(directory, files)
    if (Object.keys(connection.variables).length === 0) throw readsNoConnection(join(directory, `${path}.py`), 'django')
    const python = pythonWith('django.core', directory)
    const command = `${python} manage.py migrate --no-input`
    const apps = appsIn(directory)
    return {
      directory,
      tool: 'django',
      ...connection,
      environment: { PYTHONDONTWRITEBYTECODE: '1' },
      up: command,
      version: `${python} -m django --version`,
      model: { command: `${python} manage.py makemigrations --check --dry-run`, same: /No changes detected/, differs: /^Migrations for /m },
      ...(apps.length === 0 ? {} : { down: apps.map((app) => `${command} ${app} zero`).join(' && ') }),
      all: true,
      one: { up: `${command} {app} {step}`, down: `${command} {app} {previousStep|zero}` },
      driver: { program: python },
      table: 'django_migrations',
      column: 'app.name',
      packages: true,
    }
  },
}

const settingsFiles = ['settings.py', 'config.py', 'app/config.py', 'app/core/config.py', 'app/settings.py', 'src/config.py', '.env']

/**
 * The interpreter of the project's own environment, else the first that has the package.
 *
 * @param module  One inside of the package: the package's own name is also that of a folder of the project, which Python takes for a package.
 */
function pythonWith(module: string, directory: string): string {
  const own = parentsOf(directory)
    .flatMap((parent) => ['.venv/bin/python', 'venv/bin/python'].map((name) => join(parent, name)))
    .filter(isFile)
  const candidates = [...own, 'python', 'python3', '/usr/bin/python3']
  return (
    candidates.find((python) => spawnSync(python, ['-c', `import ${module}`], { cwd: directory, stdio: 'ignore' }).status === 0) ??
    'python3'
  )
}

/** Folders of the project with a package `migrations`, as Django labels them by default. */
function appsIn(directory: string, depth = 0): readonly string[] {
  const entries = readdirSync(directory, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !/^(\.|node_modules$|venv$|site-packages$|__pycache__$)/.test(entry.name),
  )
  return entries.flatMap(({ name }) => {
    if (isFile(join(directory, name, 'migrations/__init__.py'))) return [name]
    return depth < 3 ? appsIn(join(directory, name), depth + 1) : []
  })
}

/** What `alembic check` does; Alembic has that command since 1.9. */
const alembicCheck = `
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
config = Config("alembic.ini")
if hasattr(command, "check"):
    command.check(config)
else:
    script = ScriptDirectory.from_config(config)
    found = []
    def compare(revision, context):
        metadata = context.opts.get("target_metadata")
        if metadata is None: raise SystemExit("env.py gives no target_metadata: there is no model to compare")
        found.extend(compare_metadata(context, metadata))
        return []
    with EnvironmentContext(config, script, fn=compare, as_sql=False):
        script.run_env()
    if found: raise SystemExit("New upgrade operations detected: " + "\\n".join(map(str, found)))
    print("No new upgrade operations detected.")
`

function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
