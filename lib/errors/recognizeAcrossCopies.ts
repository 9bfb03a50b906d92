const ordinaryHasInstance = Function.prototype[Symbol.hasInstance]

/**
 * Makes `instanceof` of an error class true for the errors of every copy of this package in the process. A program may have two
 * and not know it: its own ES modules load one, a CommonJS dependency of it the other, and a client of yours a third.
 *
 * To be called in a static block of the class, with its public name. Classes derived from it keep the `instanceof` of JavaScript.
 */
export const recognizeAcrossCopies = (errorClass: abstract new (...args: never[]) => Error, name: string): void => {
  // The registry of symbols is one for all copies. On the prototype, and not enumerable: no print of an error shows it.
  const brand = Symbol.for(`rx-kafka/${name}`)
  Object.defineProperty(errorClass.prototype, brand, { value: true })
  Object.defineProperty(errorClass, Symbol.hasInstance, {
    value(this: unknown, error: unknown): boolean {
      if (this !== errorClass) return ordinaryHasInstance.call(this as () => void, error)
      return typeof error === 'object' && error !== null && brand in error
    },
  })
}
