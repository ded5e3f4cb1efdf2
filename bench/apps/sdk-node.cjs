// The OpenTelemetry SDK for Node alone, as its environment variables say; preloaded with --require.
const { NodeSDK } = require('@opentelemetry/sdk-node');

new NodeSDK().start();
