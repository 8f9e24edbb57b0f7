import { describe, expect, test } from 'vitest'
import { describeFailure } from '../../../harness/cli/failure.ts'
import { EnvironmentError, InputError } from '../../../harness/errors.ts'

describe('failure', () => {
  test('an error of ours is said with its detail and its hint, without a stack', () => {
    const error = new InputError('no migration in "x"', { detail: 'It holds no up.sql.', hint: 'Name a folder with up.sql.' })
    expect(describeFailure(error, { debug: false })).toEqual({
      text: 'godwit: no migration in "x"\nIt holds no up.sql.\nHint: Name a folder with up.sql.\n',
      exitCode: 2,
    })
  })

  test('what the machine lacks exits with 3, and passwords are masked', () => {
    const error = new EnvironmentError('cannot connect', { detail: 'postgres://u:hunter2@h/db refused the connection.' })
    expect(describeFailure(error, { debug: false })).toEqual({
      text: 'godwit: cannot connect\npostgres://u:***@h/db refused the connection.\n',
      exitCode: 3,
    })
  })

  test.each([new TypeError('x is not a function'), 'a text', undefined])('anything else is an internal error to report: %s', (error) => {
    const { text, exitCode } = describeFailure(error, { debug: false })
    expect(exitCode).toBe(3)
    expect(text).toMatch(/^godwit: internal error: .*\nThis is a fault of Godwit/)
    expect(text).not.toContain('    at ')
  })

  test('a name moves no cursor, changes no colour and begins no line', () => {
    const name = 'a\u001b[31mb\u009b2J\0\ngodwit: forged'
    for (const error of [new InputError(`"${name}" does not exist`, { detail: 'One.\nTwo.', hint: name }), new Error(name)]) {
      const { text } = describeFailure(error, { debug: false })
      expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
      expect(text.match(/^godwit: /gm)).toHaveLength(1)
      expect(text.split('\n')[0]).toContain('a␛[31mb⟨U+009B⟩2J␀␊godwit: forged')
    }
  })

  test('stacks, of the causes too, are for those who ask', () => {
    const error = new InputError('outer', { cause: new Error('inner', { cause: new Error('innermost') }) })
    const { text } = describeFailure(error, { debug: true })
    expect(text.match(/^(InputError: outer|caused by Error: inner|caused by Error: innermost)$/gm)).toHaveLength(3)
  })
})
