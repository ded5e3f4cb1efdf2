export { type Config, DEFAULT_FLUSH_TIMEOUT_MS, type Env, loadConfig, storeSettingName } from './config.ts';
export { ConfigError, type ParentSettings, type Settings } from './schema.ts';
