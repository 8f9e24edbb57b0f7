import type { Rule } from '../../result/index.ts'

export const rules = {
  fails: {
    severity: 'error',
    title: 'up fails the second time',
    meaning: 'Up, down, up ends with an error: down leaves something behind that up makes.',
    remedy: 'Drop in down what up makes.',
  },
  data: {
    severity: 'error',
    title: 'up gives other rows the second time',
    meaning: 'Up, down, up ends with other rows than up alone.',
    remedy: 'Let down keep what the second up copies again.',
  },
  schema: {
    severity: 'error',
    title: 'up gives another schema the second time',
    meaning: 'Up, down, up ends with another catalog than up alone.',
    remedy: 'Take back in down everything that up does.',
  },
} as const satisfies Readonly<Record<string, Rule>>
