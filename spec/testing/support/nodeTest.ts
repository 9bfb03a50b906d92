// Run by node:test, not by jest: see ../frameworks.spec.ts.
import { test } from 'node:test'
import { runMarbles } from '../../../lib/testing/index.js'

void test('a true picture', () => {
  runMarbles(({ coldElements, expectElements }) => expectElements(coldElements('a-B|')).toBe('a-B|'))
})

void test('an untrue picture', () => {
  runMarbles(({ coldElements, expectElements }) => expectElements(coldElements('a--B|')).toBe('a-B|'))
})
