import { NodeSDK } from '@opentelemetry/sdk-node';
import type { ProviderSettings } from './providers.ts';

/**
 * Starts `NodeSDK`, which reads all of its environment variables. It is a separate entry because it loads
 * slowly.
 */
export function startNodeSdk({ resourceDetectors, ...settings }: ProviderSettings): void {
  new NodeSDK({ ...settings, ...(resourceDetectors === undefined ? {} : { resourceDetectors }) }).start();
}
