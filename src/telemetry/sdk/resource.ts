import { arch, hostname } from 'node:os';
import {
  envDetector,
  osDetector,
  processDetector,
  type ResourceDetector,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import { type Env, readVariable } from '../environment/index.ts';

/** Attributes of the command line, which may contain keys and prompts. */
const PRIVATE_ATTRIBUTES = new Set(['process.command', 'process.command_args', 'process.command_line']);

/** Architectures that the semantic conventions name differently than Node, as in the SDK's own detector. */
const ARCHITECTURES: Readonly<Record<string, string>> = { arm: 'arm32', ppc: 'ppc32', x64: 'amd64' };

/**
 * The attributes of the SDK's host detector except `host.id`: on some systems the SDK starts a program to
 * read it, and telemetry waits for that program, which an exit cannot do.
 */
const hostDetector: ResourceDetector = {
  detect: () => ({
    attributes: { 'host.name': hostname(), 'host.arch': ARCHITECTURES[arch()] ?? arch() },
  }),
};

/**
 * Returns the SDK's default detectors, without attributes that may contain secrets or that are not known
 * immediately. Undefined if `OTEL_NODE_RESOURCE_DETECTORS` names detectors: then the SDK uses those
 * unchanged.
 */
export function createResourceDetectors(env: Env): ResourceDetector[] | undefined {
  if (readVariable(env, 'OTEL_NODE_RESOURCE_DETECTORS') !== undefined) return undefined;
  return [serviceInstanceIdDetector, processDetector, hostDetector, osDetector, envDetector].map(
    withoutPrivateAttributes,
  );
}

function withoutPrivateAttributes(detector: ResourceDetector): ResourceDetector {
  return {
    detect(config) {
      const { attributes = {}, ...rest } = detector.detect(config);
      const kept = Object.entries(attributes).filter(
        ([name, value]) => !(value instanceof Promise) && !PRIVATE_ATTRIBUTES.has(name),
      );
      return { ...rest, attributes: Object.fromEntries(kept) };
    },
  };
}
