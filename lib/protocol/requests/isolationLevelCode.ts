import type { IsolationLevel } from '../../client/IsolationLevel.js'

/** INT8 on the wire: 0 reads everything, 1 committed records only. */
export const isolationLevelCode = (level: IsolationLevel): number => (level === 'read_committed' ? 1 : 0)
