export { renderAnnotations } from './annotations.ts'
export { claimLines, claimsByState, claimsCount, mostClaimLines } from './claims-text.ts'
export { renderCodeQuality } from './code-quality.ts'
export { type CounterexampleInput, type CounterexampleMeta, metaPrefix, renderCounterexample, rowMarkers } from './counterexample.ts'
export { coverageLine, shareReached, shortfallSentence } from './coverage-text.ts'
export { type Decision, decisionOf, decisionOn } from './decision.ts'
export { excerptsFrom } from './excerpts.ts'
export { type StepEnvironment, showOnGitHub } from './github.ts'
export { interleavingDiagram, interleavingLines, renderInterleavingPage } from './interleaving.ts'
export { renderJUnit } from './junit.ts'
export { type RunInfo, renderMarkdown } from './markdown.ts'
export { code, prose, table } from './markdown-text.ts'
export { maskSecrets, maskSecretsIn } from './mask-secrets.ts'
export { type ParsedCounterexample, parseCounterexample } from './parse-counterexample.ts'
export { type CommentContext, commentLimit, commentMarker, renderPullRequest } from './pull-request.ts'
export { counterexamplesIn, isMigrationFolder, readResult, readResults, readSavedRows, type SavedResult } from './read-saved.ts'
export { replaceFile } from './replace-file.ts'
export {
  codeQualityFile,
  indexFile,
  junitFile,
  migrationFiles,
  pullRequestFile,
  resultsFile,
  runFiles,
  sarifFile,
} from './report-files.ts'
export { reportFolders, safeFolderName } from './report-folder.ts'
export { type RepositoryLinks, repositoryLinks } from './repository-links.ts'
export { renderRunSummary, type SummaryOptions, stepSummaryLimit } from './run-summary.ts'
export { renderSarif, uriOf } from './sarif.ts'
export { readSourceFiles, type SourceFile, type SourceFiles } from './source-files.ts'
export { stageWords } from './stage-words.ts'
export { renderTerminal, type TerminalOptions } from './terminal.ts'
export { counted, formatDuration, visibleLines, visibleText } from './visible-text.ts'
export { prepareDirectory, rewriteReports, type WriteOptions, type WrittenReports, writeReports } from './write.ts'
