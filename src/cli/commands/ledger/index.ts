export { addConfirm } from './confirm.ts';
export { addRaise } from './raise.ts';
export { addReset } from './reset.ts';
