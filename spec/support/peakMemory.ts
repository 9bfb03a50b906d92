import { existsSync, readFileSync } from 'node:fs'

const status = '/proc/self/status'

/**
 * Bytes of memory of this process at its largest. Linux keeps it for the program that runs (`VmHWM`); `maxRSS`, which other systems have
 * to do with, is that of the parent where the parent was larger when it started this process.
 */
export const peakMemory = (): number => {
  const kibibytes = existsSync(status) ? /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(status, 'utf8'))?.[1] : undefined
  return 1024 * (kibibytes === undefined ? process.resourceUsage().maxRSS : Number(kibibytes))
}
