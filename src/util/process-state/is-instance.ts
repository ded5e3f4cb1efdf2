/**
 * Whether a value is an error with a certain code, whichever copy of this package created it: for
 * `static [Symbol.hasInstance]` of error classes, whose codes are unique and stable.
 * @example
 * static [Symbol.hasInstance](value: unknown): boolean {
 *   return isInstanceByCode(this, StoreError, value, 'token_budget_store');
 * }
 */
export function isInstanceByCode(
  asked: object,
  ownClass: { readonly prototype: object },
  value: unknown,
  code: string,
): boolean {
  const { prototype } = asked as { prototype?: object };
  if (typeof value !== 'object' || value === null || prototype === undefined) return false;
  // A subclass is asked about itself.
  if (asked !== ownClass) return Object.prototype.isPrototypeOf.call(prototype, value);
  return value instanceof Error && Reflect.get(value, 'code') === code;
}
