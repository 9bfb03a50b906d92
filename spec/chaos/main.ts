/**
 * `npm run chaos`: every chaos spec in its long form, and at the end what all of it has done to the job, fault by fault.
 *
 *     npm run chaos                              all
 *     npm run chaos -- killNine zombie           those specs
 *     CHAOS_ROUNDS=20 CHAOS_SEEDS=5000 npm run chaos
 *     CHAOS_SEED=42 CHAOS_FAULTS='killed|cut' npm run chaos -- clusterFaults
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chaosTable, readChaosReport } from './chaosReport.js'

const specs = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'rx-kafka-chaos-report-'))
const report = join(folder, 'rows.jsonl')
writeFileSync(report, '')
try {
  const jest = createRequire(import.meta.url).resolve('jest/bin/jest')
  const patterns = specs.length === 0 ? ['spec/chaos/'] : specs.map((spec) => `spec/chaos/.*${spec}`)
  const { status } = spawnSync(process.execPath, [jest, '--runInBand', ...patterns], {
    stdio: 'inherit',
    env: { CHAOS_ROUNDS: '5', CHAOS_SEEDS: '2000', REQUIRE_KAFKA: '1', ...process.env, CHAOS_REPORT: report },
  })
  console.log(`\n${chaosTable(readChaosReport(report))}`)
  process.exitCode = status ?? 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
