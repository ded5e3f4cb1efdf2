export { SOCKET_FILES, socketPatches } from './socket-patches.ts';
