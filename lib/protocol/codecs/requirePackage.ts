import type { CompressionType } from '../../client/KafkaConfig.js'
import { KafkaError } from '../../client/KafkaError.js'
import optionalPackages from './optionalPackages.cjs'
import { memberOf } from '../../checks/memberOf.js'

type PackageName = Parameters<typeof optionalPackages.require>[0]

/** @throws KafkaError `Unsupported`, naming the package to install */
export const requirePackage = (name: PackageName, compression: CompressionType): unknown =>
  optionalPackages.require(name, (cause) => {
    const missing = memberOf(cause, 'code') === 'MODULE_NOT_FOUND'
    throw new KafkaError({
      _tag: 'Unsupported',
      message:
        `Records compressed with ${compression} need the optional package ${name}, which ` +
        `${missing ? 'is not installed' : 'cannot be loaded here'}: npm install ${name}, or write with compression.type ` +
        'gzip or none.',
      cause,
    })
  })
