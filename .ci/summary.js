// Prints `N passed, N failed` of jest's JSON results; fails unless tests ran, all passed, and none was left out.
import { readFileSync } from 'node:fs'

const read = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 0, numPendingTests: 0, numTodoTests: 0 }
  }
}

const results = read(process.argv[2])
const passed = results.numPassedTests
// A file that does not even load counts as a failure: its tests are in no other number.
const failed = results.numFailedTests + results.numRuntimeErrorTestSuites
const leftOut = results.numPendingTests + results.numTodoTests

if (leftOut > 0) console.error(`${leftOut} tests were left out (skipped or todo)`)
if (passed + failed === 0) console.error('no test ran')
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = passed > 0 && failed === 0 && leftOut === 0 ? 0 : 1
