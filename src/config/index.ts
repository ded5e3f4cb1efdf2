export { type Config, DEFAULT_FLUSH_TIMEOUT_MS, loadConfig } from './config.ts';
export { ConfigError } from './schema.ts';
