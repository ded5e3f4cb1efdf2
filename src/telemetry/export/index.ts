export { ExportChannel } from './worker-channel.ts';
export { createForwardingMetricExporter } from './worker-exporter.ts';
export {
  createForwardingLogProcessor,
  createForwardingSpanProcessor,
  type HandsOver,
} from './worker-processors.ts';
