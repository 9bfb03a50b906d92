let count = 0

/** A name that no spec has used, in this run or another, so that specs may share a cluster or a storage. */
export const unique = (what: string): string => `${what}-${Date.now().toString(36)}-${process.pid}-${count++}`
