import { reportFile } from '../formats/index.ts'
import type { MigrationResult, VerifyResult } from '../result/index.ts'
import { renderCodeQuality } from './code-quality.ts'
import { renderJUnit } from './junit.ts'
import { renderMarkdown } from './markdown.ts'
import { maskSecretsIn } from './mask-secrets.ts'
import { renderPullRequest } from './pull-request.ts'
import type { RepositoryLinks } from './repository-links.ts'
import { renderRunSummary } from './run-summary.ts'
import { renderSarif } from './sarif.ts'
import type { SourceFiles } from './source-files.ts'

/** Of one migration in its folder, and of the whole run above. */
export const resultsFile = 'results.json'
export const junitFile = 'junit.xml'
/** Of the whole run, beside the folders. */
export const indexFile = 'index.md'
export const pageFile = 'index.html'
export const sarifFile = 'godwit.sarif'
export const pullRequestFile = 'pull-request.md'
export const codeQualityFile = 'gl-code-quality-report.json'

/** What an editor or a web page still shows. */
const indexLimit = { limit: 2_000_000, unit: 'bytes' } as const

/** The files of one migration's folder, by name. */
export async function migrationFiles(migration: MigrationResult, alone: VerifyResult): Promise<ReadonlyMap<string, string>> {
  return new Map([
    [reportFile, renderMarkdown(migration, alone)],
    [resultsFile, `${JSON.stringify(maskSecretsIn(alone), null, 2)}\n`],
    [junitFile, await renderJUnit(alone)],
  ])
}

/** The files of a run beside the folders of its migrations, by name. */
export async function runFiles(
  result: VerifyResult,
  sources: SourceFiles,
  { folders, links: repository }: { readonly folders: ReadonlyMap<MigrationResult, string>; readonly links: RepositoryLinks },
): Promise<ReadonlyMap<string, string>> {
  // The renderers mask a copy, so folders are found by place and not by identity.
  const names = result.migrations.map((migration) => folders.get(migration))
  const masked = maskSecretsIn(result)
  const links = new Map(masked.migrations.map((migration, index) => [JSON.stringify([migration.name, migration.path]), names[index]]))
  const linkOf = (migration: MigrationResult) => {
    const name = links.get(JSON.stringify([migration.name, migration.path]))
    return name === undefined ? undefined : `${name}/${reportFile}`
  }
  return new Map([
    [indexFile, renderRunSummary(result, { ...indexLimit, linkOf, all: true })],
    [pullRequestFile, renderPullRequest(result, { links: repository, sources })],
    [resultsFile, `${JSON.stringify(masked, null, 2)}\n`],
    [junitFile, await renderJUnit(result)],
    [sarifFile, renderSarif(result, sources)],
    [codeQualityFile, renderCodeQuality(result, sources)],
  ])
}
