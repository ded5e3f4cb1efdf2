/**
 * Makes `instanceof` true for instances of a class and its subclasses that another copy of this package created.
 * @param name of the class, which a bundler may change in the program
 * @example
 * shareClass(StoreError, 'StoreError');
 */
export function shareClass(shared: { readonly prototype: object }, name: string): void {
  const brand = Symbol.for(`otel-token-budget.class.${name}`);
  Object.defineProperty(shared.prototype, brand, { value: true });
  Object.defineProperty(shared, Symbol.hasInstance, {
    value(this: object, value: unknown): boolean {
      // A subclass that does not share itself inherits this method.
      if (this !== shared) return Function.prototype[Symbol.hasInstance].call(this, value);
      return typeof value === 'object' && value !== null && brand in value;
    },
  });
}
