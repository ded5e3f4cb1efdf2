export { ExportChannel } from './worker-channel.ts';
export { forwardMetrics } from './worker-exporter.ts';
export { forwardLogs, forwardSpans } from './worker-processors.ts';
