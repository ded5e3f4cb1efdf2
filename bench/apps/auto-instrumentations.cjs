// @opentelemetry/auto-instrumentations-node/register from the folder of the peers; preloaded with --require.
const { createRequire } = require('node:module');

createRequire(require.resolve('../peers/package.json'))('@opentelemetry/auto-instrumentations-node/register');
