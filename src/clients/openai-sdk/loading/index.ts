export { loadedHostSdks, onHostSdk, whileLoadingOwnSdk } from './host-sdk.ts';
export { reportImportedClient } from './loaded-files.ts';
export { hookModules } from './module-hooks.ts';
export { onSdkFile, type SdkFile } from './sdk-files.ts';
export { type UnmeteredRequest, watchUnmeteredRequests } from './unmetered-requests.ts';
