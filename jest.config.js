/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/spec/**/*.spec.ts'],
  // Specs run as CommonJS: quick, and without an experimental flag of Node. The packed package proves the ESM side.
  transform: {
    '^.+\\.c?ts$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022', keepClassNames: true },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  // Sources name their imports as ESM does (`./x.js`); the file beside them is `x.ts`.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1', '^(\\./optionalPackages)\\.cjs$': '$1.cts' },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
}
