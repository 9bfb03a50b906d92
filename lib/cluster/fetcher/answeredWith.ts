import { errorCode } from '../../protocol/errorCodes.js'

/** What a broker said, by Kafka's name for it: completes a sentence about what cannot be done now. */
export const answeredWith = (code: number): string => `the broker answered ${errorCode(code).name} (${code})`
