// Traceloop's SDK as its own start-up says, without its service; preloaded with --require.
const { createRequire } = require('node:module');

const traceloop = createRequire(require.resolve('../peers/package.json'))('@traceloop/node-server-sdk');
traceloop.initialize({
  baseUrl: 'http://127.0.0.1:1',
  apiKey: 'none',
  traceloopSyncEnabled: false,
  silenceInitializationMessage: true,
});
