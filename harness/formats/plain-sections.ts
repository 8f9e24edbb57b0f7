import { InputError } from '../errors.ts'
import { keepOnly } from './script-of.ts'

export interface PlainSections {
  readonly up: string
  readonly down: string | undefined
  readonly transaction: boolean
  /** The marker as it stands there, where one does. */
  readonly marker: string | undefined
}

/** Marks by which tools without a reader of their own part a file: sql-migrate, micrate, MyBatis, and the common `-- Up` and `-- Down`. */
const mark = /^--[^\S\n]*(?:(?:\+\w+|@|#)?[^\S\n]*(up|down)(?:[^\S\n]+(notransaction))?|\/\/[^\S\n]*@(undo))[^\S\n]*\r?$/gim

/**
 * The parts of a plain SQL file: what reverts it must not run with it.
 *
 * @throws {InputError} for a file of Liquibase's, whose rollbacks and preconditions are comments.
 */
export function plainSections(shown: string, text: string): PlainSections {
  if (/^\uFEFF?\s*--\s*liquibase formatted sql/i.test(text)) {
    throw new InputError(`"${shown}" is formatted SQL of Liquibase's, whose change sets are not plain SQL`, {
      hint: 'Leave --format out, or say --format liquibase.',
    })
  }
  const found = [...text.matchAll(mark)].map((match) => ({
    direction: /^up$/i.test(match[1] ?? '') ? 'up' : 'down',
    start: match.index,
    text: match[0].trim(),
    alone: match[2] !== undefined,
  }))
  // A comment that says "down" alone parts nothing where there is no up, except MyBatis's.
  const isUsed = found.some(({ direction }) => direction === 'up') || found.some((each) => /@undo/i.test(each.text))
  const [first] = found
  if (!isUsed || first === undefined) return { up: text, down: undefined, transaction: true, marker: undefined }
  const ranges = (direction: string) =>
    found.flatMap((each, at) => (each.direction === direction ? [[each.start, found[at + 1]?.start ?? text.length] as const] : []))
  const before = first.direction === 'down' ? ([[0, first.start]] as const) : []
  const downs = ranges('down')
  return {
    up: keepOnly(text, [...before, ...ranges('up')]),
    down: downs.length === 0 ? undefined : keepOnly(text, downs),
    transaction: !found.some(({ direction, alone }) => direction === 'up' && alone),
    marker: first.text,
  }
}
