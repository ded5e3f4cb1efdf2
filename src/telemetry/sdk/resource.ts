import { arch, hostname } from 'node:os';
import {
  envDetector,
  osDetector,
  processDetector,
  type ResourceDetector,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import { type Env, readVariable } from '../environment/index.ts';

/** The command line of the process may hold keys and prompts. */
const PRIVATE = new Set(['process.command', 'process.command_args', 'process.command_line']);

/**
 * The processors whose names are others in the semantic conventions than in Node, as the SDK's own detector
 * has them.
 */
const ARCHITECTURES: Readonly<Record<string, string>> = { arm: 'arm32', ppc: 'ppc32', x64: 'amd64' };

/**
 * What the SDK's detector finds of the host, less `host.id`: on some systems it starts a program to read
 * that, and telemetry waits for it, which an exit cannot.
 */
const hostDetector: ResourceDetector = {
  detect: () => ({
    attributes: { 'host.name': hostname(), 'host.arch': ARCHITECTURES[arch()] ?? arch() },
  }),
};

/**
 * The SDK's default detectors, less what may hold secrets and what is not known at once. Undefined where
 * `OTEL_NODE_RESOURCE_DETECTORS` names detectors: then the SDK uses those as they are.
 */
export function createResourceDetectors(env: Env): ResourceDetector[] | undefined {
  if (readVariable(env, 'OTEL_NODE_RESOURCE_DETECTORS') !== undefined) return undefined;
  return [serviceInstanceIdDetector, processDetector, hostDetector, osDetector, envDetector].map(
    withoutPrivate,
  );
}

function withoutPrivate(detector: ResourceDetector): ResourceDetector {
  return {
    detect(config) {
      const { attributes = {}, ...rest } = detector.detect(config);
      const kept = Object.entries(attributes).filter(
        ([name, value]) => !(value instanceof Promise) && !PRIVATE.has(name),
      );
      return { ...rest, attributes: Object.fromEntries(kept) };
    },
  };
}
