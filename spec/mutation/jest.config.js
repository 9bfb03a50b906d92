import project from '../../jest.config.js'

const [[pattern, [, options]]] = Object.entries(project.transform)

/**
 * The project's settings, for sources with the edits of MUTATION_EDITS; with MUTATION_HITS specs tell which mutants they come by.
 *
 * @type {import('jest').Config}
 */
export default {
  ...project,
  rootDir: '../..',
  transform: { [pattern]: ['<rootDir>/spec/mutation/editingTransformer.cjs', options] },
  ...(process.env.MUTATION_HITS === undefined ? {} : { setupFilesAfterEnv: ['<rootDir>/spec/mutation/recordHits.ts'] }),
}
