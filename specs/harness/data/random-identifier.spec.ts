import { expect, test } from 'vitest'
import { isRandomIdentifier } from '../../../harness/data/plan/random-identifier.ts'

test.each([
  '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
  '{3F2504E0-4F89-41D3-9A0C-0305E82C3301}',
  '3f2504e04f8941d39a0c0305e82c3301',
  'clrntjt89000908jwhvkz5crm',
  'cm3x0p8ev000008kyd96800c8',
  '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  '0ujsswThIGTUYm2K8FjOOfXtY1K',
  'price_1NKoW2KjW8yQ4PfX9aBcD3eF',
  'da39a3ee5e6b4b0d3255bfef95601890afd80709',
  '175928847299117063',
])('%s is an identifier drawn at random', (text) => {
  expect(isRandomIdentifier(text)).toBe(true)
})

test.each([
  '',
  'admin',
  '1',
  '20240307',
  '1000000000000000',
  '00000000-0000-0000-0000-000000000001',
  '11111111-1111-1111-1111-111111111111',
  'gpt-4-32k-0613-preview',
  'anthropicclaude3haiku20240307',
  'us.anthropic.claude-3-5-sonnet-20241022-v2:0',
  'internationalisation',
  'user@example.com',
  '2024-01-01 00:00:00.000000',
])("'%s' is a name that somebody chose", (text) => {
  expect(isRandomIdentifier(text)).toBe(false)
})
