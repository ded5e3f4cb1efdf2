import { Module } from 'node:module';

/** Loaded before the instrumentation is made, so that it is what it was before. */
const { require } = Module.prototype;

/**
 * Has modules loaded past the hook of the instrumentation, which resolves each that is required two times more, to find the modules to
 * instrument: none is among these.
 */
export function pastHooks<T>(load: () => T): T {
  const hooked = Module.prototype.require;
  Module.prototype.require = require;
  try {
    return load();
  } finally {
    Module.prototype.require = hooked;
  }
}
