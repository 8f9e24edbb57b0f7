import { describe, expect, test } from 'vitest'
import type { Sent } from '../../../harness/recording/model.ts'
import { splitSteps } from '../../../harness/recording/split-steps.ts'
import { block, failure, read, sentText } from './sent.ts'

const note = (name: string) => `INSERT INTO steps (name) VALUES ('${name}')`
const unnote = (name: string) => `DELETE FROM steps WHERE name = '${name}'`

/** Names, what the migration does in each step, and the error that it ends with. */
function split(sent: readonly (Sent | string)[], direction: 'up' | 'down' = 'up', stopped = false) {
  const { steps, rest } = splitSteps(read(...sent), direction, stopped)
  const work = (statements: (typeof steps)[number]['statements']) =>
    statements.flatMap(({ role, text }) => (role === 'migration' ? [text] : []))
  return { steps: steps.map(({ names, statements, error }) => [names.join(), work(statements), error?.sqlstate]), rest: work(rest) }
}

describe('what a tool sends is divided', () => {
  test('at each statement that notes a step; what comes behind the last one belongs to none', () => {
    expect(split(['CREATE TABLE a ()', note('1'), 'CREATE TABLE b ()', 'CREATE TABLE c ()', note('2'), 'CREATE TABLE d ()'])).toEqual({
      steps: [
        ['1', ['CREATE TABLE a ()'], undefined],
        ['2', ['CREATE TABLE b ()', 'CREATE TABLE c ()'], undefined],
      ],
      rest: ['CREATE TABLE d ()'],
    })
  })

  test('at each that takes one back, on the way down', () => {
    expect(split(['DROP TABLE b', unnote('2'), 'DROP TABLE a', unnote('1')], 'down').steps).toEqual([
      ['2', ['DROP TABLE b'], undefined],
      ['1', ['DROP TABLE a'], undefined],
    ])
  })

  test('into one step where its name is noted again, in another spelling', () => {
    expect(split(['DROP TABLE a', unnote('1'), unnote('1'), 'DROP TABLE b', unnote('0')], 'down').steps.map(([name]) => name)).toEqual([
      '1',
      '0',
    ])
  })

  test('into a step without statements, where a step does nothing', () => {
    expect(split([note('1'), note('2')]).steps).toEqual([
      ['1', [], undefined],
      ['2', [], undefined],
    ])
  })
})

describe('what had no effect is left out', () => {
  test('what a savepoint took back, and nothing before it', () => {
    const texts = ['CREATE TABLE a ()', 'SAVEPOINT one', 'CREATE TABLE b ()', 'SAVEPOINT two', 'CREATE TABLE c ()']
    expect(split(block(0, [...texts, 'ROLLBACK TO SAVEPOINT one', 'CREATE TABLE d ()', note('1')])).steps).toEqual([
      ['1', ['CREATE TABLE a ()', 'CREATE TABLE d ()'], undefined],
    ])
  })

  test('what the innermost of two savepoints of the same name took back', () => {
    const texts = ['SAVEPOINT s', 'CREATE TABLE a ()', 'SAVEPOINT s', 'CREATE TABLE b ()', 'ROLLBACK TO SAVEPOINT s', note('1')]
    expect(split(block(0, texts)).steps).toEqual([['1', ['CREATE TABLE a ()'], undefined]])
  })

  test('a block that was rolled back, and the step that it noted', () => {
    expect(split([...block(0, ['CREATE TABLE a ()', note('1')], 'ROLLBACK'), ...block(1, ['CREATE TABLE b ()', note('2')])]).steps).toEqual(
      [['2', ['CREATE TABLE b ()'], undefined]],
    )
  })

  test('a block that failed and was ended by COMMIT', () => {
    const failed = { text: 'SELECT 1/0 INTO b', completed: 0, error: failure }
    expect(split([...block(0, ['CREATE TABLE a ()', failed]), 'CREATE TABLE c ()', note('1')]).steps).toEqual([
      ['1', ['CREATE TABLE c ()'], undefined],
    ])
  })

  test('a statement that failed outside of a block, from which the program went on', () => {
    const failed = sentText('DROP TABLE missing', { completed: 0, error: failure })
    expect(split([failed, 'CREATE TABLE a ()', note('1')]).steps).toEqual([['1', ['CREATE TABLE a ()'], undefined]])
  })

  test('a failure that a savepoint caught', () => {
    const failed = { text: 'DROP TABLE missing', completed: 0, error: failure }
    expect(split(block(0, ['CREATE TABLE a ()', 'SAVEPOINT s', failed, 'ROLLBACK TO SAVEPOINT s', note('1')])).steps).toEqual([
      ['1', ['CREATE TABLE a ()'], undefined],
    ])
  })
})

describe('a tool that stopped', () => {
  const failed = { text: 'ALTER TABLE a ADD CHECK (1/0 = 1)', completed: 0, error: failure }

  test('has a step without a name last, with its error, though its block was rolled back', () => {
    expect(
      split([...block(0, ['CREATE TABLE a ()', note('1')]), ...block(1, ['CREATE TABLE b ()', failed], 'ROLLBACK')], 'up', true).steps,
    ).toEqual([
      ['1', ['CREATE TABLE a ()'], undefined],
      ['', ['CREATE TABLE b ()', failed.text], '22012'],
    ])
  })

  test('keeps the steps that the same block has rolled back with it', () => {
    expect(split(block(0, ['CREATE TABLE a ()', note('1'), 'CREATE TABLE b ()', failed], 'ROLLBACK'), 'up', true).steps).toEqual([
      ['1', ['CREATE TABLE a ()'], undefined],
      ['', ['CREATE TABLE b ()', failed.text], '22012'],
    ])
  })

  test('without an error of the server has only what it noted', () => {
    expect(split(['CREATE TABLE a ()', note('1'), 'CREATE TABLE b ()'], 'up', true)).toEqual({
      steps: [['1', ['CREATE TABLE a ()'], undefined]],
      rest: ['CREATE TABLE b ()'],
    })
  })
})
