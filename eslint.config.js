import js from '@eslint/js'
import rxjsX from 'eslint-plugin-rxjs-x'
import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'

const timeComesFromAScheduler =
  'Time comes from a SchedulerLike, so that it can be virtual (design: the client port speaks Observable).'
const resultsAreObservables =
  'Asynchronous results are Observables here: a Promise cannot run in virtual time. Promises live in lib/kafkajs.'
const fpTsByPath =
  'Import one module of fp-ts by its path (`fp-ts/lib/Either.js`): its index loads all 120 of them, in every bundle too.'

/** 0, no error, is what it is in every protocol. */
const codesByName = [
  'BinaryExpression[operator=/^[!=]==?$/][left.property.name=/[cC]ode$/][right.raw=/^[1-9]/]',
  'BinaryExpression[operator=/^[!=]==?$/][left.name=/[cC]ode$/][right.raw=/^[1-9]/]',
  "BinaryExpression[operator=/^[!=]==?$/][left.property.name=/[cC]ode$/][right.type='UnaryExpression']",
  "BinaryExpression[operator=/^[!=]==?$/][left.name=/[cC]ode$/][right.type='UnaryExpression']",
  'Property[key.name=/^(errorCode|code)$/][value.raw=/^[1-9]/]',
  'CallExpression[callee.name=/^(brokerError|errorCode)$/][arguments.0.raw=/^[1-9]/]',
  "CallExpression[callee.property.name='brokerError'][arguments.0.raw=/^[1-9]/]",
].map((selector) => ({
  selector,
  message: 'Error codes of brokers have names: ErrorCodes.UNKNOWN_TOPIC_OR_PARTITION (lib/protocol/errorCodes.ts).',
}))

export default defineConfig(
  { ignores: ['dist/', 'coverage/'] },
  js.configs.recommended,
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, rxjsX.configs.recommended],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      // Numbers read well in messages; objects do not.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // A module and its type may share a name, as in fp-ts: `DeliveryGuarantee` the values, `DeliveryGuarantee` the type.
      '@typescript-eslint/no-redeclare': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      'no-restricted-imports': ['error', { patterns: [{ regex: '^fp-ts(?!/lib/(?!index))', message: fpTsByPath }] }],
      // With `noUncheckedIndexedAccess` every index asks, also one that is inside its bounds by construction.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Operators are written here, not only used: they subscribe to what is within what they were given.
      'rxjs-x/no-nested-subscribe': 'off',
      'rxjs-x/no-subscribe-in-pipe': 'off',
      '@typescript-eslint/no-invalid-void-type': [
        'error',
        { allowAsThisParameter: true, allowInGenericTypeArguments: true },
      ],
    },
  },
  {
    files: ['lib/**/*.ts'],
    // A contract of the port, which knows no table of codes.
    ignores: ['lib/conformance/**'],
    rules: { 'no-restricted-syntax': ['error', ...codesByName] },
  },
  {
    files: ['lib/**/*.ts'],
    // kafkajs speaks Promises, and the file store uses node:fs; both turn them into Observables at their edge.
    ignores: [
      'lib/kafkajs/**',
      'lib/checkpoint/store/fileStorage.ts',
      'lib/checkpoint/store/FileSystem.ts',
      // The one place that knows the machine's monotonic clock.
      'lib/scheduling/monotonicClock.ts',
      // A login waits for what a user gives: tokens and signatures come as Promises.
      'lib/sasl/**',
      // Specs, which users run.
      'lib/conformance/**',
    ],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval'].map((name) => ({
          name,
          message: timeComesFromAScheduler,
        })),
        { name: 'performance', message: timeComesFromAScheduler },
      ],
      'no-restricted-properties': ['error', { object: 'Date', property: 'now', message: timeComesFromAScheduler }],
      'no-restricted-syntax': [
        'error',
        ...codesByName,
        { selector: "NewExpression[callee.name='Promise']", message: resultsAreObservables },
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: timeComesFromAScheduler },
        { selector: "MemberExpression[object.name='Promise']", message: resultsAreObservables },
        { selector: ':function[async=true]', message: resultsAreObservables },
      ],
    },
  },
  {
    files: ['lib/**/*.ts'],
    // The one place that writes to the terminal, for whoever brings no logger.
    ignores: ['lib/config/consoleLogger.ts'],
    rules: { 'no-console': 'error' },
  },
  {
    files: ['spec/**/*.ts'],
    rules: {
      // Marbles put any value on the error channel.
      '@typescript-eslint/only-throw-error': 'off',
      'rxjs-x/throw-error': 'off',
      // A spec knows which error it expects.
      'rxjs-x/no-implicit-any-catch': 'off',
      // A few calls of kafkajs's untyped sources, to be held against ours.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
    },
  },
  {
    files: ['**/*.js', '**/*.cjs'],
    languageOptions: { globals: { module: 'writable', process: 'readonly', console: 'readonly' } },
  },
)
