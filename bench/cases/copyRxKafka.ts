import { exactlyOnceCopy } from './exactlyOnceCopy.js'

export const run = exactlyOnceCopy()
