import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { configFiles } from '../config/index.ts'
import { EnvironmentError, InputError } from '../errors.ts'
import { type CommandSource, offerOf, programToolsBelow, type RecognisedTool, readSource, searchFolders } from '../formats/index.ts'
import { replaceFile } from '../report/index.ts'
import type { InitFlags } from './command-context.ts'
import { gitlabText, lockFiles, workflowText } from './init-ci.ts'
import { configText, type FoundFolder, type ScriptExtension, specText, vitestConfigText } from './init-files.ts'
import { say } from './say.ts'
import { toolReadiness } from './tool-readiness.ts'

const assumed: FoundFolder = { name: 'migrations', path: 'migrations', format: 'none yet' }

/** `godwit init`: a configuration, a first spec and, asked for, a workflow; what is there stays. */
export async function initCommand(path: string | undefined, flags: InitFlags): Promise<void> {
  const here = process.cwd()
  const { found, aside, tools } = path === undefined ? await foldersHere(here) : { ...(await folderAt(path, here)), aside: [] }
  const folders = found.length === 0 ? [assumed] : found
  const files = filesFor(folders, flags, here)

  if (found.length === 0) say('No migrations were found here: "migrations" is assumed to become their folder.')
  for (const folder of found) say(`Found ${folder.path} (${folder.format}).`)
  for (const tool of tools) for (const line of await aboutTool(tool)) say(line)
  for (const line of aside) say(`Not taken: ${line}`)
  const kept = new Set<string>()
  for (const { file, text, instead } of files) {
    const there = instead.find((name) => existsSync(join(here, name)))
    if (there !== undefined && (flags.force !== true || there !== file)) {
      kept.add(there)
      say(`kept     ${there}, which was there${there === file ? ' (--force overwrites it)' : ''}`)
      continue
    }
    await replaceFile(join(here, file), text).catch((cause: unknown) => {
      throw new EnvironmentError(`cannot write "${file}"`, { cause, detail: `${cause instanceof Error ? cause.message : String(cause)}.` })
    })
    say(`${there === undefined ? 'wrote   ' : 'replaced'} ${file}`)
  }
  say('')
  for (const [at, step] of nextSteps({ folders, any: found.length > 0, here, kept }).entries()) say(`${at + 1}. ${step}`)
}

/** That its programs are recorded, and what it lacks for that. */
async function aboutTool({ id, source }: RecognisedTool): Promise<readonly string[]> {
  if (source instanceof InputError) return [`Missing: ${source.message}. ${source.hint ?? ''}`.trimEnd()]
  const { missing, variables } = await toolReadiness(source)
  return [
    `  ${id} is run once (${source.up}), on a database that Godwit makes; what it sends is recorded. The address is in ${variables.join(', ')}.`,
    ...missing.map((each) => `Missing: ${each}`),
  ]
}

interface NewFile {
  readonly file: string
  readonly text: string
  /** Any of these, where it is there already, does the same. */
  readonly instead: readonly string[]
}

function filesFor(folders: readonly FoundFolder[], flags: InitFlags, here: string): readonly NewFile[] {
  const extension = extensionIn(here)
  const alone = (file: string, text: string): NewFile => ({ file, text, instead: [file] })
  const spec = `specs/migrations.spec.${extension}`
  const install = existsSync(join(here, 'package.json')) ? { lockFile: lockFiles.find((name) => existsSync(join(here, name))) } : undefined
  return [
    { file: `godwit.config.${extension}`, text: configText(folders), instead: configFiles },
    // Elsewhere than in a package nothing could run a spec.
    ...(install === undefined
      ? []
      : [
          { file: spec, text: specText(folders), instead: ['ts', 'mts'].map((kind) => `specs/migrations.spec.${kind}`) },
          { file: `vitest.config.${extension}`, text: vitestConfigText(extension), instead: vitestConfigs },
        ]),
    ...(flags.github === true ? [alone('.github/workflows/godwit.yml', workflowText(folders, install))] : []),
    ...(flags.gitlab === true
      ? [alone(gitlabJob, gitlabText(folders, install)), alone('.gitlab-ci.yml', `include:\n  - local: ${gitlabJob}\n`)]
      : []),
  ]
}

const gitlabJob = '.gitlab/godwit.gitlab-ci.yml'

/** Where there is no package, the configuration alone is written, and it may be either. */
function extensionIn(here: string): ScriptExtension {
  const file = join(here, 'package.json')
  if (!existsSync(file)) return 'ts'
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { readonly type?: unknown }).type === 'module' ? 'ts' : 'mts'
  } catch (cause) {
    throw new InputError(`"package.json" is not JSON`, { cause, detail: `${cause instanceof Error ? cause.message : String(cause)}.` })
  }
}

const vitestConfigs = ['vitest', 'vite'].flatMap((name) => ['ts', 'mts', 'js', 'mjs', 'cts', 'cjs'].map((kind) => `${name}.config.${kind}`))

interface Situation {
  readonly folders: readonly FoundFolder[]
  readonly any: boolean
  readonly here: string
  /** Files that were there before. */
  readonly kept: ReadonlySet<string>
}

function nextSteps({ folders, any, here, kept }: Situation): readonly string[] {
  const isPackage = existsSync(join(here, 'package.json'))
  const own = vitestConfigs.find((name) => kept.has(name))
  return [
    ...(isPackage
      ? ['npm i -D godwit vitest', 'npx vitest run specs/']
      : [
          'There is no package.json here, so no spec was written: "npm init -y && npm i -D godwit vitest", then "npx godwit init" once more.',
        ]),
    ...(isPackage && own !== undefined
      ? [
          `Give ${own} what the specs need: test: { globalSetup: ['godwit/vitest/global-setup'], reporters: ['default', 'godwit/reporter'] }`,
        ]
      : []),
    ...(kept.has('.gitlab-ci.yml') ? [`Add to .gitlab-ci.yml: include: [{ local: ${gitlabJob} }]`] : []),
    ...(any ? [] : [`Put the first migration into ${folders[0]?.path ?? 'migrations'}/.`]),
    'npx godwit verify',
    'npx godwit baseline    # accepts what old steps are found to do; commit godwit.baseline.json',
    'Keep reports/ out of git.',
  ]
}

interface FoundHere {
  readonly found: readonly FoundFolder[]
  /** Those of them that run programs. */
  readonly tools: readonly RecognisedTool[]
  /** In words, what else was seen. */
  readonly aside: readonly string[]
}

/** The folders of migrations in a repository, pairs where they usually stand, and tools that run programs. */
async function foldersHere(here: string): Promise<FoundHere> {
  for (const place of ['.', 'migrations', 'db/migrations']) {
    const pairs = existsSync(join(here, place)) ? await pairsAt(join(here, place)) : false
    if (pairs) return { found: [folderNamed(join(here, place), 'pair', here)], tools: [], aside: [] }
  }
  const itself = await readSource(here).catch(() => undefined)
  if (itself?.kind === 'command') return { ...ofTools([recognised(itself.command, here)], here), aside: [] }
  const { found, warnings, offered, programs } = await searchFolders(here, undefined)
  const folders = found.map(({ folder, format }) => folderNamed(folder.root, format.id, here))
  const tools = (await programToolsBelow(here)).filter(
    ({ directory }) => !found.some(({ folder }) => folder.root === directory || folder.root.startsWith(directory + sep)),
  )
  const files = `${programs} ${programs === 1 ? 'file that looks' : 'files that look'} like ${programs === 1 ? 'a migration' : 'migrations'} of a tool that runs programs (key "command" of the configuration)`
  const ofPrograms = ofTools(tools, here)
  const all = [...folders, ...ofPrograms.found]
  return {
    found: withoutNamesakes(all),
    tools,
    aside: [...warnings, ...offered.map((folder) => offerOf(folder)), ...(all.length === 0 && programs > 0 ? [files] : [])],
  }
}

function recognised(source: CommandSource, here: string): RecognisedTool {
  return { id: source.tool ?? 'command', directory: resolve(here, source.directory ?? '.'), source }
}

function ofTools(tools: readonly RecognisedTool[], here: string): Pick<FoundHere, 'found' | 'tools'> {
  return { found: tools.map(({ directory, id }) => folderNamed(directory, id, here)), tools }
}

async function pairsAt(path: string): Promise<boolean> {
  const source = await readSource(path).catch(() => undefined)
  return source?.kind === 'pairs'
}

/** @throws {InputError} when the named folder holds no migrations. */
async function folderAt(path: string, here: string): Promise<Pick<FoundHere, 'found' | 'tools'>> {
  const source = await readSource(path)
  const format = source.kind === 'history' ? source.history.format : source.kind === 'pairs' ? 'pair' : (source.command.tool ?? 'command')
  return { found: [folderNamed(path, format, here)], tools: source.kind === 'command' ? [recognised(source.command, here)] : [] }
}

/** Named after the package that it belongs to: `services/billing/migrations` is `billing`. */
function folderNamed(path: string, format: string, here: string): FoundFolder {
  const way = relative(here, resolve(path)).split(sep).join('/')
  const usual = /^(migrations?|migrate|db|sql|database|prisma|supabase|drizzle|src|sqitch|schema|deploy)$/i
  const telling = way.split('/').filter((part) => part !== '' && part !== '..' && !usual.test(part))
  const name = (telling.at(-1) ?? basename(dirname(resolve(path)))).replaceAll(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[._-]+/, '')
  return { name: name === '' ? 'migrations' : name, path: way === '' ? '.' : way, format }
}

function withoutNamesakes(folders: readonly FoundFolder[]): readonly FoundFolder[] {
  const taken = new Set<string>()
  return folders.map((folder) => {
    let name = folder.name
    for (let next = 2; taken.has(name.toLowerCase()); next += 1) name = `${folder.name}-${next}`
    taken.add(name.toLowerCase())
    return { ...folder, name }
  })
}
