import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The recorded cases of one file, e.g. `golden<Case>('split-owner')`. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- who reads a file knows what its cases are
export const golden = <Case>(name: string): readonly Case[] =>
  readFileSync(join(process.cwd(), 'spec', 'golden', 'recorded', `${name}.jsonl`), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Case)
