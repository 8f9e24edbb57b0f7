import { createHash } from 'node:crypto'
import type { VerifyResult } from '../result/index.ts'
import { maskSecretsIn } from './mask-secrets.ts'
import { findingGravity, openFindings } from './severity.ts'
import { plainPath, type SourceFiles } from './source-files.ts'
import { shorten, visibleText } from './visible-text.ts'

/**
 * The open findings as GitLab shows them in a merge request, worst first.
 *
 * @see https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
 */
export function renderCodeQuality(given: VerifyResult, files: SourceFiles): string {
  const result = maskSecretsIn(given)
  const found = result.migrations
    .flatMap((migration) => openFindings(migration).map((finding) => ({ finding, migration })))
    .toSorted((a, b) => findingGravity(a.finding, b.finding))
  const issues = found.map(({ finding, migration }) => {
    const named = finding.file ?? migration.path
    return {
      description: shorten(visibleText(`${migration.name}: ${finding.message}`), 1_000),
      check_name: visibleText(`${finding.invariant}/${finding.kind}`),
      // Two projects of one repository may have a step of the same name.
      fingerprint: createHash('sha256').update(`${migration.path}\u0000${finding.id}`).digest('hex'),
      severity: finding.severity === 'error' ? 'critical' : 'minor',
      location: {
        path: visibleText(files.get(named)?.path ?? plainPath(named)),
        lines: { begin: finding.file !== null && finding.line !== null && finding.line >= 1 ? Math.floor(finding.line) : 1 },
      },
    }
  })
  return `${JSON.stringify(issues, null, 2)}\n`
}
