import { markMetered } from '../../../telemetry/context/index.ts';
import type { ClientPatch, Method } from '../sdk-types.ts';

type Prototype = Record<string, Method>;

interface WrappedMethod {
  readonly prototype: Prototype;
  readonly name: string;
  readonly original: PropertyDescriptor | undefined;
  readonly wrapped: Method;
}

/** Marks a wrapped method, whichever copy of this package wrapped it. */
const WRAPPED = Symbol.for('otel-token-budget.wrapped');

/** Whether a method of a client or of its class, own or inherited, is wrapped already. */
export function isWrapped(target: object, method: string): boolean {
  const value: unknown = Reflect.get(target, method);
  return typeof value === 'function' && WRAPPED in value;
}

/** Methods of prototypes, or of clients, that were wrapped, so that they can be put back. */
export class WrappedMethods {
  #methods: WrappedMethod[] = [];

  /** Wraps the methods that a prototype or a client has, its own or inherited ones. */
  wrap(target: object, patches: readonly ClientPatch[]): void {
    markMetered('openai');
    const prototype = target as Prototype;
    for (const { name, wrap } of patches) {
      const method = prototype[name];
      if (typeof method !== 'function') continue;
      const original = Object.getOwnPropertyDescriptor(prototype, name);
      const wrapped: Method = Object.assign(wrap(method), { [WRAPPED]: true });
      Object.defineProperty(prototype, name, { value: wrapped, configurable: true, writable: true });
      this.#methods.push({ prototype, name, original, wrapped });
    }
  }

  /** Puts the methods back, except those that something else has wrapped since. */
  restore(): void {
    for (const { prototype, name, original, wrapped } of this.#methods.splice(0)) {
      if (prototype[name] !== wrapped) continue;
      if (original === undefined) delete prototype[name];
      else Object.defineProperty(prototype, name, original);
    }
  }
}
